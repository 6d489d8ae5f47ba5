"""Comparing two published files, row by row.

Belongs here: the comparison that several tests share.
Does not belong here: assertions about values.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# What a run writes about itself differs from run to run by design.
ABOUT_THE_RUN = {"run_log", "dq_result", "publish_info"}
RUN_COLUMNS = {"run_id"}


def tables(connection: duckdb.DuckDBPyConnection, catalogue: str) -> list[str]:
    """Names of the tables of an attached file."""
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? order by 1", [catalogue]
    ).fetchall()
    return [name for (name,) in rows]


def differing_rows(one: Path, other: Path, *, ignore: set[str] = frozenset()) -> dict[str, int]:
    """Rows that stand in only one of two published files, per table; run ids aside.

    Args:
        one: A published file.
        other: Another.
        ignore: Tables to leave out beside those about the run itself.

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
                if column not in RUN_COLUMNS
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
