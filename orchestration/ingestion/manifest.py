"""The tables of the raw schema, and what is known about every landing file.

Belongs here: DDL of `raw`, the manifest, and questions about it.
Does not belong here: reading landing files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.ingestion.contracts import RAW_SCHEMA, FeedContract
from orchestration.ingestion.discover import is_ordered_format
from orchestration.ingestion.drift import FileColumns
from orchestration.sql import quote
from orchestration.transaction import transaction

TECHNICAL_COLUMNS = (
    ("_file_id", "integer"),
    ("_row_number", "bigint"),
    ("_row_hash", "bigint"),
    ("_load_number", "integer"),
    ("_extra", "varchar"),
)

_LANDING_FILE_DDL = """
create table if not exists raw.landing_file (
    file_id integer primary key,
    source varchar not null,
    feed varchar not null,
    file_name varchar not null,
    sha256 varchar,
    size_bytes bigint,
    modified_ns bigint,
    encoding varchar,
    status varchar not null check (status in ('loaded', 'repeated', 'failed')),
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_rejected bigint not null,
    extra_columns varchar,
    error varchar,
    run_id varchar not null,
    load_number integer,
    loaded_at timestamp not null,
    column_names varchar,
    rows_erased bigint,
    check (status <> 'loaded' or rows_read = rows_loaded + rows_rejected)
)
"""
_REJECTED_LINE_DDL = """
create table if not exists raw.rejected_line (
    source varchar not null,
    feed varchar not null,
    file_id integer not null,
    line_number bigint not null,
    rule varchar not null,
    detail varchar,
    raw_text varchar,
    run_id varchar not null
)
"""

_MANIFEST_SCHEMA = pa.schema(
    [
        ("file_id", pa.int32()),
        ("source", pa.string()),
        ("feed", pa.string()),
        ("file_name", pa.string()),
        ("sha256", pa.string()),
        ("size_bytes", pa.int64()),
        ("modified_ns", pa.int64()),
        ("encoding", pa.string()),
        ("status", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_loaded", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("extra_columns", pa.string()),
        ("error", pa.string()),
        ("run_id", pa.string()),
        ("load_number", pa.int32()),
        ("loaded_at", pa.timestamp("us")),
        ("column_names", pa.string()),
        ("rows_erased", pa.int64()),
    ]
)


@dataclass(frozen=True)
class ManifestRow:
    """One row of raw.landing_file; the fields are its columns."""

    file_id: int
    source: str
    feed: str
    file_name: str
    sha256: str | None
    size_bytes: int | None
    modified_ns: int | None
    encoding: str | None
    status: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    extra_columns: tuple[str, ...]
    error: str | None
    run_id: str
    load_number: int | None
    loaded_at: datetime
    column_names: tuple[str, ...]
    rows_erased: int


@dataclass(frozen=True)
class KnownFile:
    """What the manifest says about a path."""

    file_id: int
    file_name: str
    sha256: str | None
    size_bytes: int | None
    modified_ns: int | None
    status: str


@dataclass(frozen=True)
class FeedStatus:
    """A feed in numbers, over all runs."""

    source: str
    feed: str
    files_loaded: int
    files_repeated: int
    files_failed: int
    rows_loaded: int
    rows_rejected: int
    last_loaded_at: datetime | None


@dataclass(frozen=True)
class FailedFile:
    """A file that is waiting to be mended, and why."""

    source: str
    feed: str
    file_name: str
    error: str


def ensure_tables(con: duckdb.DuckDBPyConnection, contracts: Sequence[FeedContract]) -> None:
    """Create what is missing in the raw schema; columns new in a contract are added.

    Nothing is ever dropped: a column that left its contract keeps what it holds.
    """
    with transaction(con):
        con.execute(f"create schema if not exists {quote(RAW_SCHEMA)}")
        con.execute(_LANDING_FILE_DDL)
        # a build file of an earlier version lacks these
        con.execute("alter table raw.landing_file add column if not exists column_names varchar")
        con.execute("alter table raw.landing_file add column if not exists rows_erased bigint")
        con.execute(_REJECTED_LINE_DDL)
        existing: dict[str, set[str]] = {}
        for table, column in con.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_catalog = current_database() and table_schema = ?",
            [RAW_SCHEMA],
        ).fetchall():
            existing.setdefault(table, set()).add(column.casefold())
        for contract in contracts:
            wanted = [(name, "varchar") for name in contract.column_names]
            wanted.extend(TECHNICAL_COLUMNS)
            table = raw_table(contract)
            if contract.table not in existing:
                body = ", ".join(f"{quote(name)} {kind}" for name, kind in wanted)
                con.execute(f"create table {table} ({body})")
                continue
            for name, kind in wanted:
                if name.casefold() not in existing[contract.table]:
                    con.execute(f"alter table {table} add column {quote(name)} {kind}")


def raw_table(contract: FeedContract) -> str:
    """The feed's raw table, quoted."""
    return f"{quote(RAW_SCHEMA)}.{quote(contract.table)}"


def next_load_number(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the load that is about to happen; taken only once something loads."""
    row = con.execute("select coalesce(max(load_number), 0) + 1 from raw.landing_file").fetchone()
    return row[0]


def next_file_id(con: duckdb.DuckDBPyConnection) -> int:
    """One more than any file id in use."""
    row = con.execute("select coalesce(max(file_id), 0) + 1 from raw.landing_file").fetchone()
    return row[0]


def known_files(con: duckdb.DuckDBPyConnection, contract: FeedContract) -> list[KnownFile]:
    """The manifest of one feed, oldest first."""
    rows = con.execute(
        "select file_id, file_name, sha256, size_bytes, modified_ns, status "
        "from raw.landing_file where source = ? and feed = ? order by file_id",
        [contract.source, contract.feed],
    ).fetchall()
    return [KnownFile(*row) for row in rows]


def write_manifest(con: duckdb.DuckDBPyConnection, rows: Sequence[ManifestRow]) -> None:
    """Insert rows, replacing those with the same file id."""
    if not rows:
        return
    records = [
        {
            **{name: getattr(row, name) for name in _MANIFEST_SCHEMA.names},
            "extra_columns": _as_json(row.extra_columns),
            "column_names": _as_json(row.column_names) if row.column_names else None,
        }
        for row in rows
    ]
    columns = ", ".join(quote(name) for name in _MANIFEST_SCHEMA.names)
    con.register("strata_manifest", pa.Table.from_pylist(records, _MANIFEST_SCHEMA))
    try:
        con.execute(
            f"insert or replace into raw.landing_file ({columns}) "  # noqa: S608
            f"select {columns} from strata_manifest"
        )
    finally:
        # after a failed statement the transaction is dead and its rollback removes the view
        with suppress(duckdb.Error):
            con.unregister("strata_manifest")


def last_columns(con: duckdb.DuckDBPyConnection, contract: FeedContract) -> FileColumns | None:
    """The columns of the feed's newest loaded file that had any."""
    row = con.execute(
        "select file_name, column_names from raw.landing_file where source = ? and feed = ? "
        "and status = 'loaded' and column_names is not null order by file_id desc limit 1",
        [contract.source, contract.feed],
    ).fetchone()
    if row is None:
        return None
    file_name, names = row
    return FileColumns(file_name, tuple(json.loads(names)), is_ordered_format(file_name))


def remove_failed(con: duckdb.DuckDBPyConnection, file_ids: Sequence[int]) -> None:
    """Forget failed files that no longer lie there."""
    if file_ids:
        con.execute(
            "delete from raw.landing_file where status = 'failed' and list_contains(?, file_id)",
            [list(file_ids)],
        )


def status(con: duckdb.DuckDBPyConnection) -> list[FeedStatus]:
    """Every feed that ever had a file, in numbers."""
    rows = con.execute(
        """
        select
            source,
            feed,
            count(*) filter (where status = 'loaded'),
            count(*) filter (where status = 'repeated'),
            count(*) filter (where status = 'failed'),
            cast(sum(rows_loaded) as bigint),
            cast(sum(rows_rejected) as bigint),
            max(loaded_at) filter (where status = 'loaded')
        from raw.landing_file
        group by all
        order by all
        """
    ).fetchall()
    return [FeedStatus(*row) for row in rows]


def failed_files(con: duckdb.DuckDBPyConnection) -> list[FailedFile]:
    """Files that could not be loaded and still lie there."""
    rows = con.execute(
        "select source, feed, file_name, error from raw.landing_file "
        "where status = 'failed' order by all"
    ).fetchall()
    return [FailedFile(*row) for row in rows]


def _as_json(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)
