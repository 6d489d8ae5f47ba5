"""The company's Dagster instance: its folder and its settings.

Belongs here: opening it, and what its runs are marked with. Does not belong here: when anything
runs (automation), or ending runs whose process died (reaper).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg

from orchestration.settings import Settings

# Runs of `strata run` carry it; the command itself tells of their failure.
COMMAND_TAG = "strata/command"


@contextmanager
def company_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The company's Dagster instance, its folder and settings made where they are missing."""
    settings.make_dirs()
    with ExitStack() as opened:
        with (settings.dagster_home / "opening.lock").open("a") as lock:
            # Dagster makes its databases without looking whether another process is just doing so
            fcntl.flock(lock, fcntl.LOCK_EX)
            write_dagster_yaml(settings.dagster_home)
            instance = opened.enter_context(existing_instance(settings))
        yield instance


@contextmanager
def existing_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The same where its settings are there already; nothing is made."""
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance


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
