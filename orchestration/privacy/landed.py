"""Rows that left their landing files, taken out of the raw tables and the manifest.

Belongs here: the SQL on the raw schema. Does not belong here: which rows (plan.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from orchestration.sql import literal, qualified

if TYPE_CHECKING:
    import duckdb

    from orchestration.privacy.plan import PlannedFile

_GONE = pa.schema([("file_id", pa.int32()), ("number", pa.int64())])


def delete_landed_rows(
    build: duckdb.DuckDBPyConnection, files: Sequence[PlannedFile]
) -> Counter[str]:
    """Delete rows and rejected lines and number the others as their files do now.

    A file whose manifest row has another checksum was dealt with before and is left alone.

    Args:
        build: The build file, inside a transaction.
        files: Rewritten files.

    Returns:
        Rows that are gone, by raw table.
    """
    # a build file of an earlier version lacks it
    build.execute("alter table raw.landing_file add column if not exists rows_erased bigint")
    gone: Counter[str] = Counter()
    known = dict(build.execute("select file_id, sha256 from raw.landing_file").fetchall())
    open_files = [file for file in files if known.get(file.file_id) == file.sha256]
    _put(build, "gone_row", [(file.file_id, row) for file in open_files for row in file.rows])
    _put(build, "gone_line", [(file.file_id, line) for file in open_files for line in file.lines])
    for source, feed in sorted({(file.source, file.feed) for file in open_files}):
        table = qualified(f"raw.{source}__{feed}")
        gone[f"raw.{source}__{feed}"] += build.execute(
            f"delete from {table} as landed using gone_row "  # noqa: S608
            "where landed._file_id = gone_row.file_id and landed._row_number = gone_row.number"
        ).fetchone()[0]
        _renumber(build, table, "_file_id", "_row_number", "gone_row")
    gone["raw.rejected_line"] += build.execute(
        "delete from raw.rejected_line as landed using gone_line "
        "where landed.file_id = gone_line.file_id and landed.line_number = gone_line.number"
    ).fetchone()[0]
    _renumber(build, "raw.rejected_line", "file_id", "line_number", "gone_line")
    for file in open_files:
        lost = file.rows_loaded + file.rows_rejected
        build.execute(
            f"""
            update raw.landing_file
            set sha256 = {literal(file.new_sha256)}, size_bytes = ?, modified_ns = ?,
                rows_read = rows_read - ?, rows_loaded = rows_loaded - ?,
                rows_rejected = rows_rejected - ?, rows_erased = coalesce(rows_erased, 0) + ?
            where file_id = ?
            """,  # noqa: S608
            [
                file.size_bytes,
                file.modified_ns,
                lost,
                file.rows_loaded,
                file.rows_rejected,
                lost,
                file.file_id,
            ],
        )
    return gone


def _put(build: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[int, int]]) -> None:
    columns = zip(*rows, strict=True) if rows else ((), ())
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, _GONE, strict=True)]
    build.register(f"{name}_rows", pa.Table.from_arrays(arrays, schema=_GONE))
    build.execute(
        f"create or replace temp table {name} as "  # noqa: S608
        "select *, row_number() over (partition by file_id order by number) as gone_before "
        f"from {name}_rows"
    )
    build.unregister(f"{name}_rows")


def _renumber(
    build: duckdb.DuckDBPyConnection, table: str, file_id: str, number: str, gone: str
) -> None:
    """Row numbers are those of the files, which are shorter now."""
    build.execute(
        f"""
        update {table} as landed
        set {number} = landed.{number} - shifted.gone_before
        from (
            select landed.rowid as at, gone.gone_before
            from {table} as landed
            asof join {gone} as gone
                on landed.{file_id} = gone.file_id and landed.{number} > gone.number
        ) as shifted
        where landed.rowid = shifted.at
        """  # noqa: S608
    )
