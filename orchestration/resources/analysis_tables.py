"""Tables that Python models write: declared types, and grades that outlive a run.

Belongs here: writing a table whose columns have types even when it is empty, and the one table of
grades that every model adds to. Does not belong here: what a model computes, or its own columns.
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

if TYPE_CHECKING:
    import pandas as pd

    Rows = pd.DataFrame | pa.Table

EVALUATION = "analysis.model_eval"
EVALUATION_TYPES = """
    model varchar, metric varchar, as_of_date date, model_value double, baseline_value double,
    baseline_name varchar, served varchar, run_id varchar
"""


def write_results(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, tuple[str, Rows | Iterable[Rows] | str]],
    evaluation: pd.DataFrame,
    *,
    run_id: str,
    published_file: Path,
) -> None:
    """Write what one model made in one transaction: its tables, and its grades of this run.

    Args:
        connection: The build file.
        tables: `schema.table` to declared columns and rows: whole, in batches, or a query of them;
            an existing table is replaced.
        evaluation: Grades; those of earlier dates and other models stay, even when the build file
            was lost: the published file has them.
        run_id: The run that graded.
        published_file: The file that readers have.
    """
    connection.begin()
    for name, (types, rows) in tables.items():
        _replace(connection, name, types, rows)
    _upsert_evaluation(connection, evaluation.assign(run_id=run_id), published_file)
    connection.commit()


def evaluation_as_markdown(evaluation: pd.DataFrame) -> str:
    """Grades of one run as a table for the page of an asset."""
    lines = [
        "| question | day | metric | model | baseline | rule | served |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.model} | {row.as_of_date} | {row.metric} | {row.model_value:.4f} "
        f"| {row.baseline_value:.4f} | {row.baseline_name} | {row.served} |"
        for row in evaluation.itertuples()
    ]
    return "\n".join(lines)


def graded_dates(
    connection: duckdb.DuckDBPyConnection, model: str, published_file: Path
) -> frozenset[date]:
    """Days on which grades of the model are kept, in the build file or the published one."""
    _ensure_evaluation(connection, published_file)
    rows = connection.execute(
        f"select distinct as_of_date from {EVALUATION} where model = $model",  # noqa: S608
        {"model": model},
    ).fetchall()
    return frozenset(day for (day,) in rows)


def _replace(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    types: str,
    rows: Rows | Iterable[Rows] | str,
) -> None:
    """Rows get declared types, since an empty frame has none of its own."""
    connection.execute(f"create schema if not exists {quote(name.split('.', 1)[0])}")
    connection.execute(f"create or replace table {qualified(name)} ({types})")
    if isinstance(rows, str):
        connection.execute(f"insert into {qualified(name)} by name {rows}")
        return
    for batch in [rows] if hasattr(rows, "columns") else rows:
        _insert(connection, name, batch)


def _ensure_evaluation(connection: duckdb.DuckDBPyConnection, published_file: Path) -> None:
    """The table of grades, with what readers have of it when the build file was lost."""
    if not table_exists(connection, EVALUATION):
        earlier = published_table(published_file, "model_eval")
        _replace(connection, EVALUATION, EVALUATION_TYPES, [] if earlier is None else earlier)


def _upsert_evaluation(
    connection: duckdb.DuckDBPyConnection, evaluation: pd.DataFrame, published_file: Path
) -> None:
    _ensure_evaluation(connection, published_file)
    connection.register("new_grades", pa.Table.from_pandas(evaluation, preserve_index=False))
    connection.execute(
        f"delete from {EVALUATION} where (model, as_of_date) in "  # noqa: S608
        "(select model, cast(as_of_date as date) from new_grades)"
    )
    connection.unregister("new_grades")
    _insert(connection, EVALUATION, evaluation)


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: Rows) -> None:
    if not isinstance(rows, pa.Table):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    connection.register("incoming_rows", rows)
    connection.execute(f"insert into {qualified(name)} by name select * from incoming_rows")  # noqa: S608
    connection.unregister("incoming_rows")
