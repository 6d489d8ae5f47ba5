"""Runs the models of a company's build on Spark and compares every table with DuckDB's.

Belongs here: the order of that, and its result. Does not belong here: the cluster, the comparison
of two tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.spark import spark_session
from orchestration.resources.spark_dbt import hand_over_inputs, run_dbt
from orchestration.resources.spark_tables import rows_of
from orchestration.settings import Settings
from orchestration.sql import qualified
from tests.spark.agreement import disagreement

#: A few thousand rows: one task is enough, and code is not worth generating for each query.
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.executor.memory": "768m",
    "spark.executor.cores": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@dataclass(frozen=True)
class Comparison:
    """One model on both engines.

    Attributes:
        model: `schema.table`.
        rows: Rows on DuckDB.
        difference: None when both are the same.
        spark_seconds: dbt's seconds on Spark.
        duckdb_seconds: dbt's seconds on DuckDB, from the run's own record of itself.
    """

    model: str
    rows: int
    difference: str | None
    spark_seconds: float
    duckdb_seconds: float | None


def prove(
    build: Path, settings: Settings, say: Callable[[str], None], select: str | None = None
) -> list[Comparison]:
    """Build every model on Spark from what the build file was built from, and compare.

    Args:
        build: The build file of a company after its first run.
        settings: Where Spark's tables stand, and on which cluster.
        say: Takes a line on how it goes.
        select: Models, as dbt selects them; all when None.
    """
    manifest = json.loads(ensure_manifest(settings).read_text())
    with (
        duckdb.connect(str(build), read_only=True) as connection,
        spark_session(settings, OPTIONS) as session,
    ):
        connection.execute("set TimeZone = 'UTC'")
        hand_over_inputs(connection, session, manifest, settings.spark_dir / "handed_over")
        say("handed over; dbt runs the models on Spark")
        target = str(settings.dbt_target_dir / "spark")
        paths = ("--target-path", target, "--log-path", target)
        selection = ("--select", select) if select else ()
        result = run_dbt(settings, ["--quiet", "run", *selection, *paths])
        if result.exception:
            raise result.exception
        say("comparing")
        on_duckdb = dict(
            connection.execute(
                "select step, max(seconds) from ops.run_log where kind = 'sql' group by 1"
            ).fetchall()
        )
        comparisons = []
        for outcome in result.result:
            node = outcome.node
            name = f"{node.schema}.{node.alias}"
            ours = qualified(name)
            if outcome.status == "success":
                theirs = rows_of(session, name, settings.spark_dir / "compared")
                difference = disagreement(connection, ours, theirs)
            else:
                difference = outcome.message or outcome.status
            comparisons.append(
                Comparison(
                    model=name,
                    rows=connection.execute(f"select count(*) from {ours}").fetchone()[0],  # noqa: S608
                    difference=difference,
                    spark_seconds=outcome.execution_time,
                    duckdb_seconds=on_duckdb.get(node.name),
                )
            )
    return comparisons
