"""The Spark session in which dbt runs the models when the engine is Spark.

Belongs here: what the models need of a session to mean the same as on DuckDB. Does not belong here:
what a cluster needs (its own spark-defaults.conf says that), or tables (spark_tables).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
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
    for package in ("pyspark", "dbt.adapters.spark"):
        if find_spec(package) is None:
            raise SparkError(f"{package} is not installed; run pip install 'strata360[spark]'")
    from pyspark.sql import SparkSession

    settings.spark_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    builder = SparkSession.builder.master(settings.spark_master).appName("strata360")
    own = {"spark.sql.warehouse.dir": str(settings.spark_dir / "tables"), **QUIET, **MEANING}
    for name, value in {**own, **(options or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()
