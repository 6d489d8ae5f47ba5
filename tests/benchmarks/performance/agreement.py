"""Whether a script computed what the warehouse did.

Belongs here: comparing every cell. Does not belong here: computing, measuring.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.sql import literal, quote
from tests.benchmarks.performance.facts import RESULTS

#: Relative, for numbers without a unit of their own; amounts and counts have to be equal.
TOLERANCE = 1e-9
#: Amounts in float64 are equal when they round to the same cent.
HALF_A_CENT = 0.005


def disagreements(build_file: Path, results: Path) -> dict[str, int]:
    """Cells in which a script's tables differ from the warehouse's, and rows of one side only.

    Args:
        build_file: The warehouse.
        results: Folder with one Parquet file per table of RESULTS.

    Returns:
        `table.column` to the number of cells that differ, where there are any; `table` to the
        number of rows whose key stands on one side only.
    """
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {literal(build_file)} as build (read_only)")
        connection.execute("use build")
        for table, query in RESULTS.items():
            path = literal(results / f"{table}.parquet")
            connection.execute(f"create or replace temp table theirs as from read_parquet({path})")
            connection.execute(f"create or replace temp table ours as {query}")
            found |= _different(connection, table)
    return found


def _different(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    columns = dict(
        connection.execute("select column_name, column_type from (describe ours)").fetchall()
    )
    keys = [key for key in ("customer_id", "as_of_date") if key in columns]
    counts = [
        f"count_if({_differs(column, data_type)}) as {quote(column)}"
        for column, data_type in columns.items()
        if column not in keys
    ]
    using = ", ".join(keys)
    row = connection.execute(
        f"select {', '.join(counts)} from ours inner join theirs using ({using})"  # noqa: S608
    ).fetchone()
    found = {
        f"{table}.{column}": count
        for column, count in zip(
            (column for column in columns if column not in keys), row, strict=True
        )
        if count
    }
    (lonely,) = connection.execute(
        f"""
        select count(*)
        from (select *, true as is_ours from ours) as ours
        full outer join (select *, true as is_theirs from theirs) as theirs using ({using})
        where is_ours is null or is_theirs is null
        """  # noqa: S608
    ).fetchone()
    return found | ({table: lonely} if lonely else {})


def _differs(column: str, data_type: str) -> str:
    ours, theirs = f"ours.{quote(column)}", f"theirs.{quote(column)}"
    if data_type.startswith("DECIMAL"):
        return (
            f"coalesce(abs(cast({ours} as double) - cast({theirs} as double)) > {HALF_A_CENT}, "
            f"({ours} is null) <> ({theirs} is null))"
        )
    if data_type == "DOUBLE":
        return (
            f"coalesce(abs({ours} - {theirs}) > {TOLERANCE} * greatest(1, abs({ours})), "
            f"({ours} is null) <> ({theirs} is null))"
        )
    return f"{ours} is distinct from {theirs}"
