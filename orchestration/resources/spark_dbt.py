"""Stands where the dbt command is expected when the engine is Spark: runs dbt's command on Spark.

Belongs here: what has to reach Spark before dbt starts, and the build file after it ended. Does not
belong here: the session (spark), single tables (spark_tables), what a model says (dbt_project/).

Landing files are loaded, people are told apart, models are fitted and the result is published on
one machine, from the build file. A command of dbt therefore begins with handing over what those
steps wrote and ends with handing back what dbt built.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.resources.spark import spark_session
from orchestration.resources.spark_tables import hand_back, hand_over
from orchestration.resources.warehouse import Warehouse, table_columns
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.sql import qualified

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

OPS = "ops"
#: What the last complete run has seen: nothing, because Spark builds every table whole.
SEEN_BEFORE = "complete_"
BUILDING = {"build", "run"}
TARGET = ("--target", "spark", "--full-refresh")


def main(arguments: Sequence[str]) -> int:
    """Exit status of dbt's command.

    Args:
        arguments: dbt's command line after `dbt`.
    """
    settings = Settings()
    if arguments[0] not in BUILDING:
        return _dbt(arguments)
    if "build" in arguments:
        with _output_elsewhere():
            _dbt(["seed", *_selection(arguments)])
    with spark_session(settings) as session:
        manifest = json.loads((DBT_PROJECT_DIR / "target" / "manifest.json").read_text())
        with _warehouse(settings).connect() as connection:
            hand_over_inputs(connection, session, manifest, settings.spark_dir / "handed_over")
        status = _dbt([*arguments, *TARGET])
        built = _built(_target_path(arguments))
        with _warehouse(settings).connect() as connection:
            hand_back(connection, session, built, settings.spark_dir / "handed_back")
    return status
