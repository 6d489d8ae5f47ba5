"""Tables that Python models write: declared types, and grades and drift that outlive a run.

Belongs here: writing a table whose columns have types even when it is empty, and the two tables
that every model adds to. Does not belong here: what a model computes, or its own columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from orchestration.publishing.reader import published_table
from orchestration.resources.warehouse import table_exists
from orchestration.sql import qualified, quote
from orchestration.transaction import transaction

if TYPE_CHECKING:
    import pandas as pd

    Rows = pd.DataFrame | pa.Table

EVALUATION = "analysis.model_eval"
DRIFT = "analysis.model_drift"
#: What earlier runs found stays, by model and day.
KEPT_TYPES = {
    EVALUATION: """
        model varchar, metric varchar, as_of_date date, model_value double, baseline_value double,
        baseline_name varchar, served varchar, run_id varchar
    """,
    DRIFT: """
        model varchar, feature varchar, as_of_date date, reference_date date, psi double,
        level varchar, run_id varchar
    """,
}


def write_results(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, tuple[str, Rows | Iterable[Rows] | str]],
    evaluation: pd.DataFrame | None,
    *,
    run_id: str,
    published_file: Path,
    drift: pd.DataFrame | None = None,
) -> None:
    """Write what one model made in one transaction: its tables, its grades and its drift.

    Args:
        connection: The build file.
        tables: `schema.table` to declared columns and rows: whole, in batches, or a query of them;
            an existing table is replaced.
        evaluation: Grades, None where nothing is graded; those of earlier dates and other models
            stay, even when the build file was lost: the published file has them.
        run_id: The run that graded.
        published_file: The file that readers have.
        drift: DRIFT_COLUMNS of this day, where the model measures it.
    """
    with transaction(connection):
        for name, (types, rows) in tables.items():
            replace_table(connection, name, types, rows)
        _ensure_kept(connection, EVALUATION, published_file)
        if evaluation is not None:
            _add(connection, EVALUATION, evaluation.assign(run_id=run_id), published_file)
        _ensure_kept(connection, DRIFT, published_file)
        if drift is not None:
            _add(connection, DRIFT, drift.assign(run_id=run_id), published_file)


def evaluation_as_markdown(evaluation: pd.DataFrame) -> str:
    """Grades as a table for the page of an asset."""
    lines = [
        "| question | day | metric | model | baseline | rule | served |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.model} | {str(row.as_of_date)[:10]} | {row.metric} | {row.model_value:.4f} "
        f"| {row.baseline_value:.4f} | {row.baseline_name} | {row.served} |"
        for row in evaluation.itertuples()
    ]
    return "\n".join(lines)


def graded_dates(
    connection: duckdb.DuckDBPyConnection, model: str, published_file: Path
) -> frozenset[date]:
    """Days on which grades of the model are kept, in the build file or the published one."""
    _ensure_kept(connection, EVALUATION, published_file)
    rows = connection.execute(
        f"select distinct as_of_date from {EVALUATION} where model = $model",  # noqa: S608
        {"model": model},
    ).fetchall()
    return frozenset(day for (day,) in rows)


def kept_grades(connection: duckdb.DuckDBPyConnection, models: Iterable[str]) -> pd.DataFrame:
    """All grades of these models, the newest day first."""
    return connection.execute(
        f"select * from {EVALUATION} where list_contains($models, model) "  # noqa: S608
        "order by model, as_of_date desc, metric, baseline_name",
        {"models": list(models)},
    ).df()


def replace_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    types: str,
    rows: Rows | Iterable[Rows] | str,
) -> None:
    """Write a table in place of an older one of its name; the caller's transaction holds.

    Rows get declared types, since an empty frame has none of its own.

    Args:
        connection: The build file.
        name: `schema.table`.
        types: Declared columns.
        rows: Whole, in batches, or a query of them.
    """
    connection.execute(f"create schema if not exists {quote(name.split('.', 1)[0])}")
    connection.execute(f"create or replace table {qualified(name)} ({types})")
    if isinstance(rows, str):
        connection.execute(f"insert into {qualified(name)} by name {rows}")
        return
    for batch in [rows] if hasattr(rows, "columns") else rows:
        _insert(connection, name, batch)


def _ensure_kept(connection: duckdb.DuckDBPyConnection, name: str, published_file: Path) -> None:
    """A table that is added to, with what readers have of it when the build file was lost."""
    if not table_exists(connection, name):
        earlier = published_table(published_file, name.split(".")[1])
        replace_table(connection, name, KEPT_TYPES[name], [] if earlier is None else earlier)


def _add(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame, published_file: Path
) -> None:
    """Add rows in place of those of the same models and days."""
    _ensure_kept(connection, name, published_file)
    connection.register("new_rows", pa.Table.from_pandas(rows, preserve_index=False))
    connection.execute(
        f"delete from {name} where (model, as_of_date) in "  # noqa: S608
        "(select model, cast(as_of_date as date) from new_rows)"
    )
    connection.unregister("new_rows")
    _insert(connection, name, rows)


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    if not isinstance(rows, pa.Table):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    connection.register("incoming_rows", rows)
    connection.execute(f"insert into {qualified(name)} by name select * from incoming_rows")  # noqa: S608
    connection.unregister("incoming_rows")
