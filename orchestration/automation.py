"""When things run: the daily job, its schedule and the sensor on the landing folder.

Belongs here: jobs, schedules, sensors. Does not belong here: what an asset does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.discover import discover, is_stable
from orchestration.settings import Settings

DAILY_JOB = "daily"


def daily_job() -> dg.UnresolvedAssetJobDefinition:
    """Everything from the landing folder to the published file."""
    return dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.all(),
        description="Landing files in, one checked and published customer warehouse out.",
    )


def daily_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The daily job at STRATA_SCHEDULE_CRON in the business time zone."""
    return dg.ScheduleDefinition(
        name="daily_schedule",
        job_name=DAILY_JOB,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.timezone,
    )


def landing_sensor(contracts: Sequence[FeedContract], settings: Settings) -> dg.SensorDefinition:
    """Start the daily job when landing files came or changed and have come to rest.

    The run key is a fingerprint of the folder's listing, so one state of the folder starts one run
    however often the sensor looks; loading a file twice is prevented by the manifest, not here.
    """

    @dg.sensor(
        name="landing_sensor",
        job_name=DAILY_JOB,
        minimum_interval_seconds=30,
        description="Runs the daily job when new landing files have come to rest.",
    )
    def watch() -> dg.RunRequest | dg.SkipReason:
        feeds = discover(settings.landing_dir, contracts).files.values()
        paths = [file.path for files in feeds for file in files]
        if not paths:
            return dg.SkipReason(f"no files under {settings.landing_dir}")
        if not all(is_stable(path, settings.landing_stable_seconds) for path in paths):
            return dg.SkipReason("a landing file is still being written")
        return dg.RunRequest(run_key=_fingerprint(paths))

    return watch


def _fingerprint(paths: list[Path]) -> str:
    listing = sorted(
        (str(path), stat.st_size, stat.st_mtime_ns)
        for path, stat in ((path, path.stat()) for path in paths)
    )
    return hashlib.sha256(repr(listing).encode()).hexdigest()


def write_dagster_yaml(dagster_home: Path) -> Path:
    """Write the instance settings that keep one writer and let a power cut heal by itself.

    An existing file is left alone: it may have been edited.
    """
    path = dagster_home / "dagster.yaml"
    if not path.exists():
        dagster_home.mkdir(parents=True, exist_ok=True)
        path.write_text(DAGSTER_YAML)
    return path


DAGSTER_YAML = """\
# One run at a time, and one step at a time on the pool of the warehouse file.
concurrency:
  pools: {granularity: op, default_limit: 1}
  runs: {max_concurrent_runs: 1}
# Keeps its files open between two events; opening them anew costs a run a quarter of its time.
event_log_storage:
  module: orchestration.resources.event_log
  class: KeptSqliteEventLogStorage
  config: {base_dir: history/runs}
# Without max_runtime_seconds and free_slots_after_run_end_seconds a power cut leaves the run
# STARTED and every later run QUEUED for ever.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  poll_interval_seconds: 30
  max_runtime_seconds: 10800
  free_slots_after_run_end_seconds: 60
run_retries: {enabled: true, max_retries: 1, retry_on_asset_or_op_failure: false}
retention:
  schedule: {purge_after_days: 90}
  sensor: {purge_after_days: {skipped: 7, failure: 30, success: 90}}
telemetry: {enabled: false}
nux: {enabled: false}
"""
