"""A day of the soak passes on the machine's clock within minutes; what counts days is put back.

Belongs here: making what runs left a day older. Does not belong here: deciding what is too old,
which is the product's (orchestration/pruning.py, run_record.forget_old_runs).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import duckdb

from orchestration.settings import Settings

DAY = timedelta(days=1)


def age_by_a_day(settings: Settings) -> None:
    """Let a day go by for Dagster's runs, for the run log and for files of models and spills."""
    with closing(sqlite3.connect(settings.dagster_home / "history" / "runs.db")) as runs, runs:
        for run_id, created in runs.execute("select run_id, create_timestamp from runs").fetchall():
            before = datetime.fromisoformat(created) - DAY
            runs.execute(
                "update runs set create_timestamp = ? where run_id = ?",
                (before.isoformat(sep=" ", timespec="microseconds"), run_id),
            )
    with duckdb.connect(str(settings.build_file)) as build:
        build.execute("update ops.run_log set started_at = started_at - interval 1 day")
    for folder in (settings.models_dir, settings.temp_dir):
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                seconds = DAY.total_seconds()
                os.utime(path, (stat.st_atime - seconds, stat.st_mtime - seconds))
