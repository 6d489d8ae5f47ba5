"""Comparing two published files, row by row.

Belongs here: the comparison that several tests share.
Does not belong here: assertions about values.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

# What a run writes about itself, and how it compares with the one before, differs by design.
ABOUT_THE_RUN = {"run_log", "dq_result", "publish_info", "id_quality"}
RUN_COLUMNS = {"run_id"}

# One row per load: the same rows, landed in other loads, are told in other rows.
TABLES_ABOUT_LOADS = {"source_completeness", "source_validity"}
# Files, their rows and when they came: a file that repeats another changes these and no data.
TABLES_ABOUT_FILES = {"source_freshness", "source_row_balance"}
# Where a row was read and when; of equal rows in two files either may be the one that is kept.
LOAD_COLUMNS = {"file_id", "_file_id", "_row_number", "loaded_at", "last_loaded_at"}


def tables(connection: duckdb.DuckDBPyConnection, catalogue: str) -> list[str]:
    """Names of the tables of an attached file."""
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? order by 1", [catalogue]
    ).fetchall()
    return [name for (name,) in rows]


def differing_rows(
    one: Path,
    other: Path,
    *,
    ignore: set[str] = frozenset(),
    ignore_columns: set[str] = frozenset(),
) -> dict[str, int]:
    """Rows that stand in only one of two published files, per table; run ids aside.

    Args:
        one: A published file.
        other: Another.
        ignore: Tables to leave out beside those about the run itself.
        ignore_columns: Columns to leave out beside run ids.

    Returns:
        Table name to number of differing rows, for tables with any.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        names = tables(connection, "one")
        assert names == tables(connection, "other")
        compared = [name for name in names if name not in ABOUT_THE_RUN | set(ignore)]
        return differing(connection, "one.main", "other.main", compared, ignore_columns)


def differing(
    connection: duckdb.DuckDBPyConnection,
    one: str,
    other: str,
    names: Iterable[str],
    ignore_columns: set[str] = frozenset(),
) -> dict[str, int]:
    """Rows that stand in the tables of one of two schemas only; run ids aside.

    Args:
        connection: A connection to which both are attached.
        one: A schema, with its catalogue where that is not the connection's own.
        other: Another.
        names: Tables of both.
        ignore_columns: Columns to leave out beside run ids.

    Returns:
        Table name to number of differing rows, for tables with any.
    """
    found = {}
    for name in names:
        columns = ", ".join(
            f'"{column}"'
            for (column, *_) in connection.execute(f"describe {one}.{name}").fetchall()
            if column not in RUN_COLUMNS | set(ignore_columns)
        )
        count = connection.execute(
            f"""
            select count(*) from (
                (select {columns} from {one}.{name}
                 except all select {columns} from {other}.{name})
                union all
                (select {columns} from {other}.{name}
                 except all select {columns} from {one}.{name})
            )
            """  # noqa: S608
        ).fetchone()[0]
        if count:
            found[name] = count
    return found
