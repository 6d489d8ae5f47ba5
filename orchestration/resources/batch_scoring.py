"""Scoring the rows of a query with a fitted model, in batches: here, or in the workers of Spark.

Belongs here: which of the two, and the way to the workers and back. Does not belong here: what a
model says of a row.

A model is fitted once, on one machine, and the same object says the same of a row wherever the row
is read: there is no second model for the cluster.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from orchestration.resources.spark_arrow import rows_in_duckdb
from orchestration.resources.warehouse import chunks, frames
from orchestration.settings import Settings
from orchestration.sql import quote

if TYPE_CHECKING:
    import pandas as pd

#: What a row is worth depends on no other row, so batches may be cut anywhere.
Score = Callable[["pd.DataFrame"], "pd.DataFrame"]
ROWS, HANDED_OVER, SCORES = "scoring.rows", "handed_over", "scores"


def scored(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    query: str,
    values: Mapping[str, object],
    score: Score,
    types: str,
) -> Iterator[pd.DataFrame | pa.Table]:
    """Scores of all rows, a batch at a time.

    Args:
        connection: The build file; stays free for other statements.
        settings: Whether Spark scores; then rows and scores stand in its folder meanwhile.
        query: The rows to score.
        values: Its bound values.
        score: From rows as `frames` gives them to scores; has to survive pickling.
        types: Declared columns of the scores.
    """
    if settings.engine != "spark":
        yield from map(score, frames(connection, query, values))
        return
    from orchestration.resources.spark import STEP_OPTIONS, spark_session
    from orchestration.resources.spark_tables import hand_over, spark_type, written_rows

    folder = settings.spark_dir / "scoring"
    read, made = _kinds(connection, query, values), _declared(types)
    listed = ", ".join(f"`{name}` {spark_type(kind)}" for name, kind in made.items())
    try:
        with spark_session(settings, STEP_OPTIONS) as session:
            hand_over(connection, session, {ROWS: query}, folder, values)
            scores = session.table(ROWS).mapInArrow(partial(_scores_of, score, read, made), listed)
            rows = written_rows(scores, folder / SCORES)
        with connection.cursor() as cursor:
            cursor.execute(f"from {rows}")
            for batch in cursor.to_arrow_reader():
                yield pa.Table.from_batches([batch])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _declared(types: str) -> dict[str, str]:
    """Columns and DuckDB types of a declaration."""
    with duckdb.connect() as connection:
        connection.execute(f"create table declared ({types})")
        return _kinds(connection, "from declared", {})


def _kinds(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object]
) -> dict[str, str]:
    described = connection.execute(f"describe {query}", values).fetchall()
    return {name: kind for name, kind, *_ in described}


def _scores_of(
    score: Score,
    read: Mapping[str, str],
    made: Mapping[str, str],
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """The scores of some rows; runs in a worker of Spark.

    DuckDB makes the frames there, too: types of pandas decide what a model reads.
    """
    with rows_in_duckdb(batches, HANDED_OVER) as connection:
        if connection is None:
            return
        rows = connection.execute(f"select {_cast(read)} from {HANDED_OVER}")  # noqa: S608
        with duckdb.connect() as other:
            for frame in chunks(rows):
                other.register("scored", score(frame))
                yield from other.execute(f"select {_cast(made)} from scored").to_arrow_reader()  # noqa: S608
                other.unregister("scored")


def _cast(kinds: Mapping[str, str]) -> str:
    return ", ".join(
        f"cast({quote(name)} as {kind}) as {quote(name)}" for name, kind in kinds.items()
    )
