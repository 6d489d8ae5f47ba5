"""Runs the models of a company's build on Spark and compares every table with DuckDB's.

Belongs here: the order of that, and its result. Does not belong here: the cluster, the comparison
of two tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.spark import spark_session
from orchestration.resources.spark_dbt import hand_over_inputs, run_dbt
from orchestration.resources.spark_tables import rows_of
from orchestration.settings import Settings
from orchestration.sql import qualified
from tests.spark.agreement import disagreement

if TYPE_CHECKING:
    from dbt.contracts.results import RunResult
    from pyspark.sql import SparkSession

#: A few thousand rows: one task is enough, and code is not worth generating for each query.
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "4g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.executor.memory": "768m",
    "spark.executor.cores": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

#: dbt's words for a test that was executed, whatever it found.
ANSWERED = {"pass", "warn", "fail"}


@dataclass(frozen=True)
class Comparison:
    """One node of the dbt project on both engines.

    Attributes:
        node: `schema.table` of a model, or the name of a data test.
        rows: Rows of the model on DuckDB, or rows that the test found there.
        difference: None when both are the same.
        spark_seconds: dbt's seconds on Spark.
        duckdb_seconds: dbt's seconds on DuckDB, from the run's own record; models only.
    """

    node: str
    rows: int
    difference: str | None
    spark_seconds: float
    duckdb_seconds: float | None = None


def prove(
    build: Path, settings: Settings, say: Callable[[str], None], select: str | None = None
) -> tuple[list[Comparison], list[Comparison]]:
    """Build every model on Spark from what the build file was built from, and compare.

    Args:
        build: The build file of a company after its first run.
        settings: Where Spark's tables stand, and on which cluster.
        say: Takes a line on how it goes.
        select: Models, as dbt selects them; all when None.

    Returns:
        Models, then the data tests on them.
    """
    manifest = json.loads(ensure_manifest(settings).read_text())
    with (
        duckdb.connect(str(build), read_only=True) as connection,
        spark_session(settings, OPTIONS) as session,
    ):
        connection.execute("set TimeZone = 'UTC'")
        hand_over_inputs(connection, session, manifest, settings.spark_dir / "handed_over")
        say("handed over; dbt runs the models on Spark")
        models = _outcomes(settings, "run", select)
        say("comparing")
        compared = _compared_models(connection, session, models, settings.spark_dir / "compared")
        say("dbt runs the tests on Spark")
        tests = _outcomes(settings, "test", select, "--exclude-resource-type=unit_test")
        return compared, _compared_tests(connection, tests)


def _outcomes(
    settings: Settings, command: str, select: str | None, *options: str
) -> Sequence[RunResult]:
    target = str(settings.dbt_target_dir / "spark")
    result = run_dbt(
        settings,
        [
            *("--quiet", command, *options),
            *(("--select", select) if select else ()),
            *("--target-path", target, "--log-path", target, "--log-level-file=error"),
        ],
    )
    if result.exception:
        raise result.exception
    return result.result.results


def _compared_models(
    connection: duckdb.DuckDBPyConnection,
    session: SparkSession,
    outcomes: Sequence[RunResult],
    folder: Path,
) -> list[Comparison]:
    seconds = connection.execute(
        "select step, max(seconds) from ops.run_log where kind = 'sql' group by 1"
    ).fetchall()
    on_duckdb = dict(seconds)
    comparisons = []
    for outcome in outcomes:
        name = f"{outcome.node.schema}.{outcome.node.alias}"
        ours = qualified(name)
        if outcome.status == "success":
            difference = disagreement(connection, ours, rows_of(session, name, folder))
        else:
            difference = outcome.message or outcome.status
        (rows,) = connection.execute(f"select count(*) from {ours}").fetchone()  # noqa: S608
        comparisons.append(
            Comparison(
                name,
                rows,
                difference,
                spark_seconds=outcome.execution_time,
                duckdb_seconds=on_duckdb.get(outcome.node.name),
            )
        )
    return comparisons


def _compared_tests(
    connection: duckdb.DuckDBPyConnection, outcomes: Sequence[RunResult]
) -> list[Comparison]:
    """Tests compare by how many rows they find; those that no run on DuckDB asked are left out."""
    found = dict(connection.execute("select check_name, value from ops.dq_result").fetchall())
    comparisons = []
    for outcome in outcomes:
        if outcome.node.name not in found:
            continue
        rows = int(found[outcome.node.name])
        same = outcome.status in ANSWERED and outcome.failures == rows
        said = f"{outcome.status}, {outcome.failures} rows: {outcome.message}"
        comparisons.append(
            Comparison(
                outcome.node.name,
                rows,
                None if same else said,
                spark_seconds=outcome.execution_time,
            )
        )
    return comparisons
