"""Comparing two published files, row by row.

Belongs here: the comparison that several tests share.
Does not belong here: assertions about values.
"""

from __future__ import annotations

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
        found = {}
        for name in names:
            if name in ABOUT_THE_RUN | set(ignore):
                continue
            columns = ", ".join(
                f'"{column}"'
                for (column, *_) in connection.execute(f"describe one.main.{name}").fetchall()
                if column not in RUN_COLUMNS | set(ignore_columns)
            )
            count = connection.execute(
                f"""
                select count(*) from (
                    (select {columns} from one.main.{name}
                     except all select {columns} from other.main.{name})
                    union all
                    (select {columns} from other.main.{name}
                     except all select {columns} from one.main.{name})
                )
                """  # noqa: S608
            ).fetchone()[0]
            if count:
                found[name] = count
        return found
