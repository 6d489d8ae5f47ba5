"""What `strata doctor` looks at, each with what to do when it is wrong.

Belongs here: checks of the installation, of files and of runs. Does not belong here: printing
(doctor), checks of data (checks/).
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import metadata
from pathlib import Path

from orchestration.settings import PROJECT_ROOT, Settings

CONSTRAINTS = PROJECT_ROOT / ".ci" / "constraints.txt"
DISTRIBUTION = "strata360"
# What it costs nobody to have in another version than the one tried.
SHOWN = 5
LOCK_HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Level(Enum):
    """How much a finding matters; only a problem stands in the way of a run."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        name: Name of the check, for programs.
        title: What it looks at, for people.
        level: How much it matters.
        found: What was found, where that is worth saying.
        remedy: What to do; given for everything that is not well.
    """

    name: str
    title: str
    level: Level = Level.OK
    found: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and what to do about it."""

    found: str
    remedy: str
    level: Level = Level.PROBLEM


Check = Callable[[Settings], Trouble | None]


def looked_at(check: Check, settings: Settings) -> Finding:
    """The finding of a check; its title is the first line of the check's docstring."""
    name = check.__name__.strip("_")
    title = (check.__doc__ or "").strip().splitlines()[0].removesuffix(".")
    trouble = check(settings)
    if trouble is None:
        return Finding(name, title)
    return Finding(name, title, trouble.level, trouble.found, trouble.remedy)


def _python(settings: Settings) -> Trouble | None:
    """Python is 3.11."""
    found = ".".join(map(str, sys.version_info[:2]))
    if found == "3.11":
        return None
    return Trouble(f"this is Python {found}", "make a virtual environment with python3.11")


def _packages(settings: Settings) -> Trouble | None:
    """Every package is there in a version that the project allows."""
    from packaging.requirements import Requirement

    wrong = []
    for text in metadata.requires(DISTRIBUTION) or []:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _version(requirement.name)
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement} (found {found or 'none'})")
    if not wrong:
        return None
    return Trouble(
        f"not as pyproject.toml says: {_few(wrong)}",
        "pip install -c .ci/constraints.txt -e . in the project's folder, or `make run`",
    )


def _constraints(settings: Settings) -> Trouble | None:
    """Packages have the versions that the tests ran with."""
    if not CONSTRAINTS.exists():
        return None
    other = []
    for line in CONSTRAINTS.read_text().splitlines():
        name, _, wanted = line.partition("==")
        found = _version(name) if wanted else None
        if found is not None and found != wanted:
            other.append(f"{name} {found} instead of {wanted}")
    if not other:
        return None
    return Trouble(
        f"{len(other)} differ: {_few(other)}",
        "pip install -c .ci/constraints.txt -e . in the project's folder",
        Level.WARNING,
    )


def _home(settings: Settings) -> Trouble | None:
    """STRATA_HOME can be written to."""
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        return None
    return Trouble(f"{folder} is read-only", "set STRATA_HOME, or give this user the folder")


def _disk(settings: Settings) -> Trouble | None:
    """There is room on the disk for the next run."""
    from orchestration.disk import room

    found = room(settings)
    if found.is_enough:
        return None
    return Trouble(
        f"{found.free / 2**30:.1f} GB free under {settings.home}, a run may need "
        f"{found.needed / 2**30:.1f} GB",
        "`strata prune`, free some space, or move STRATA_HOME to a larger disk",
    )


def _secrets(settings: Settings) -> Trouble | None:
    """Files with secrets and personal data are closed to other users."""
    open_files = [
        path
        for path in (
            settings.home / ".hash_key",
            Path.cwd() / ".env",
            settings.warehouse_dir,
        )
        if path.exists() and path.stat().st_mode & OTHERS
    ]
    if not open_files:
        return None
    names = " ".join(map(str, open_files))
    return Trouble(f"others may read {names}", f"chmod go= {names}")


def _mail(settings: Settings) -> Trouble | None:
    """Settings of alerts fit together."""
    if settings.smtp_password and settings.smtp_security == "none":
        return Trouble(
            "STRATA_SMTP_PASSWORD would go over an open connection",
            "set STRATA_SMTP_SECURITY to starttls or tls",
        )
    if settings.smtp_user and not settings.smtp_password:
        return Trouble("STRATA_SMTP_USER is set without a password", "set STRATA_SMTP_PASSWORD")
    if not settings.wants_alerts:
        return Trouble(
            "nobody is told of failed runs",
            "set STRATA_ALERT_WEBHOOK or STRATA_ALERT_EMAIL",
            Level.WARNING,
        )
    return None


def _runs(settings: Settings) -> Trouble | None:
    """Dagster's storage opens, and no run waits for a process that is gone."""
    broken = [path.name for path in _dagster_files(settings) if not _is_sound(path)]
    if broken:
        return Trouble(
            f"cannot be read: {_few(broken)} under {settings.dagster_home}",
            f"move {settings.dagster_home} away; it holds the history of runs, no data",
        )
    if not (settings.dagster_home / "dagster.yaml").exists():
        return None
    from dagster import DagsterInstance

    from orchestration.reaper import dead_runs

    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        stuck = [run.run_id for run in dead_runs(instance, holds_run_lock=False)]
    if not stuck:
        return None
    return Trouble(
        f"their processes are gone: {_few(stuck)}",
        "`strata run` and `strata ui` mark them as failed before they begin",
    )


def _lock(settings: Settings) -> Trouble | None:
    """No run is under way."""
    from orchestration.run import RunInProgressError, run_lock

    lock = settings.warehouse_dir / "run.lock"
    if not lock.exists():
        return None
    try:
        with run_lock(lock):
            return None
    except RunInProgressError as error:
        return Trouble(str(error), "wait for it, or stop that process", Level.WARNING)


def _build(settings: Settings) -> Trouble | None:
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


def _published(settings: Settings) -> Trouble | None:
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


def _last_run(settings: Settings) -> Trouble | None:
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


CHECKS: tuple[Check, ...] = (
    _python,
    _packages,
    _constraints,
    _home,
    _disk,
    _secrets,
    _mail,
    _lock,
    _build,
    _runs,
    _last_run,
    _published,
)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _dagster_files(settings: Settings) -> Iterator[Path]:
    history = settings.dagster_home / "history"
    yield from (path for path in (history / "runs.db", history / "runs" / "index.db"))
    yield settings.dagster_home / "schedules" / "schedules.db"


def _is_sound(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("pragma quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        return False
