"""The Spark session in which dbt runs the models when the engine is Spark.

Belongs here: what the models need of a session to mean the same as on DuckDB. Does not belong here:
what a cluster needs (its own spark-defaults.conf says that), or tables (spark_tables).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Without these, the same statement answers otherwise.
MEANING = {
    # timestamps carry no zone in this warehouse; Spark reads and shows them in the session's
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
QUIET = {"spark.ui.showConsoleProgress": "false"}
#: Of a session that brings all it reads and leaves nothing: a catalogue on disk is for the models,
#: and one process has it at a time.
STEP_OPTIONS = {"spark.sql.catalogImplementation": "in-memory"}


class SparkError(RuntimeError):
    """Spark cannot be used; the message says what is missing."""


@contextmanager
def spark_session(
    settings: Settings, options: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """A session in which dbt's `spark` target works; dbt finds it because it is the process's own.

    Args:
        settings: The company; Spark's tables stand in its folder.
        options: Spark options that win over spark-defaults.conf, for tests.

    Raises:
        SparkError: The libraries are not installed.
    """
    if reason := lacking():
        raise SparkError(reason)
    from pyspark.sql import SparkSession

    settings.spark_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    # what runs in the workers runs in this Python, unless the cluster has its own
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(settings.spark_master).appName("strata360")
    for name, value in {**_own_options(settings), **(options or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()


def lacking() -> str | None:
    """Which library is not installed, and what to do; None when none is."""
    for distribution in ("pyspark", "dbt-spark"):
        try:
            metadata.version(distribution)
        except metadata.PackageNotFoundError:
            return f"{distribution} is not installed; run pip install 'strata360[spark]'"
    return None


def _own_options(settings: Settings) -> dict[str, str]:
    options = {
        "spark.sql.warehouse.dir": str(settings.spark_dir / "tables"),
        "spark.sql.catalogImplementation": "hive",
        **QUIET,
        **MEANING,
    }
    # a cluster has a catalogue of its own, which its hive-site.xml names; else it is a file here
    if not (Path(os.environ.get("SPARK_CONF_DIR", "conf")) / "hive-site.xml").exists():
        catalogue = settings.spark_dir / "catalogue"
        options["spark.hadoop.javax.jdo.option.ConnectionURL"] = (
            f"jdbc:derby:;databaseName={catalogue};create=true"
        )
        options["spark.driver.extraJavaOptions"] = (
            f"-Dderby.stream.error.file={settings.spark_dir / 'derby.log'}"
        )
    return options
