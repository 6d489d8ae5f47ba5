"""Are the company's files sound and free: build file, published file, Dagster's storage, runs.

Belongs here: checks of database files, locks and runs. Does not belong here: checks of data.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.doctor.findings import Level, Trouble, few
from orchestration.settings import PROJECT_ROOT, Settings

LOCK_HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")


def runs(settings: Settings) -> Trouble | None:
    """Dagster's storage opens, and no run waits for a process that is gone."""
    broken = [path.name for path in _dagster_files(settings) if not _is_sound(path)]
    if broken:
        return Trouble(
            f"cannot be read: {few(broken)} under {settings.dagster_home}",
            f"move {settings.dagster_home} away; it holds the history of runs, no data",
        )
    if not (settings.dagster_home / "dagster.yaml").exists():
        return None
    from orchestration.instance import existing_instance
    from orchestration.reaper import dead_runs

    with existing_instance(settings) as instance:
        stuck = [run.run_id for run in dead_runs(instance, settings.run_lock_file)]
    if not stuck:
        return None
    return Trouble(
        f"their processes are gone: {few(stuck)}",
        "`strata recover`, `strata run`, `strata ui` and a running daemon mark them as failed",
    )


def lock(settings: Settings) -> Trouble | None:
    """No run is under way."""
    from orchestration.run_lock import RunInProgressError, run_lock

    if not settings.run_lock_file.exists():
        return None
    try:
        with run_lock(settings.run_lock_file):
            return None
    except RunInProgressError as error:
        return Trouble(str(error), "wait for it, or stop that process", Level.WARNING)


def build(settings: Settings) -> Trouble | None:
    """The build file opens, and nobody holds it."""
    path = settings.build_file
    complaint = _complaint(path)
    if complaint is None:
        return None
    holder = LOCK_HOLDER.search(complaint)
    if holder:
        program, pid = holder.groups()
        return Trouble(
            f"{path} is open in process {pid} ({Path(program).name})",
            "a run lets go of it by itself; close any other program, and look at data in "
            f"{settings.published_file}, which needs no lock",
            Level.WARNING,
        )
    return Trouble(
        f"{path} cannot be read ({complaint.partition(':')[0]})",
        "delete it and run again: the landing files make it anew, and customer ids and history "
        "come from the published file",
    )


def published(settings: Settings) -> Trouble | None:
    """The published file is whole and not too old."""
    path = settings.published_file
    complaint = _complaint(path, "--every-block")
    if complaint is not None:
        return Trouble(
            f"{path} cannot be read ({complaint.partition(':')[0]})", "`strata run` publishes again"
        )
    if not path.exists():
        return None
    age = datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if age < timedelta(hours=settings.freshness_hours):
        return None
    return Trouble(
        f"published {age.total_seconds() / 3600:.0f} hours ago",
        "`strata run`, or switch daily_schedule on in `strata ui`",
        Level.WARNING,
    )


def _complaint(path: Path, *options: str) -> str | None:
    """What a DuckDB file's reader complains of; None when it reads well or is not there."""
    if not path.exists():
        return None
    probe = subprocess.run(
        [sys.executable, "-m", "orchestration.file_probe", str(path), *options],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode == 0:
        return None
    return probe.stdout or "it ends its reader"


def last_run(settings: Settings) -> Trouble | None:
    """The last run reached its end."""
    from orchestration.resources.run_state import read_run_state

    state = read_run_state(settings)
    if state is None or state.complete:
        return None
    return Trouble(
        f"run {state.run_id} did not publish, or has not yet",
        f"look into {settings.run_output_file}; the next run builds everything anew",
        Level.WARNING,
    )


def _dagster_files(settings: Settings) -> Iterator[Path]:
    history = settings.dagster_home / "history"
    yield history / "runs.db"
    yield history / "runs" / "index.db"
    yield settings.dagster_home / "schedules" / "schedules.db"


def _is_sound(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("pragma quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        return False
