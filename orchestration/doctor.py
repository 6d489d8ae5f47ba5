"""Is this installation fit to run: versions, folders, disk, locks and settings.

Belongs here: checks that need no warehouse, each with its remedy.
Does not belong here: checks of data.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from orchestration.settings import ENV_PREFIX, Settings

LOW_DISK_GB = 2.0
EXPECTED_DUCKDB = "1.5"


def diagnose(console: Console) -> bool:
    """Print settings and checks; returns whether nothing is wrong."""
    settings = Settings()
    console.print("[bold]Settings[/bold]")
    for name, value, origin in _settings(settings):
        console.print(
            f"  {name:<30} {value:<40} {origin}", highlight=False, markup=False, soft_wrap=True
        )
    console.print("\n[bold]Checks[/bold]")
    healthy = True
    for check in (_python, _packages, _home_writable, _disk, _lock, _published):
        problem = check(settings)
        healthy &= problem is None
        mark = "[green]✓[/green]" if problem is None else "[red]✗[/red]"
        console.print(
            f"  {mark} {_title(check)}" + (f": {problem}" if problem else ""), highlight=False
        )
    return healthy


def _settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    for name in Settings.model_fields:
        variable = ENV_PREFIX + name.upper()
        value = getattr(settings, name)
        if variable in os.environ:
            origin = "environment"
        elif name in settings.model_fields_set:
            origin = ".env"
        else:
            origin = "default"
        shown = "(secret)" if isinstance(value, SecretStr) else str(value)
        yield variable, shown, origin


def _title(check: Callable) -> str:
    return (check.__doc__ or "").strip().removesuffix(".")


def _python(settings: Settings) -> str | None:
    """Python is 3.11."""
    found = ".".join(map(str, sys.version_info[:2]))
    return None if found == "3.11" else f"this is Python {found}; make a venv with python3.11"


def _packages(settings: Settings) -> str | None:
    """The engine and orchestrator are installed in the versions the project is pinned to."""
    try:
        found = version("duckdb")
        for package in ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb"):
            version(package)
    except PackageNotFoundError as error:
        return f"{error.name} is missing; run `make run` or pip install -e ."
    if not found.startswith(EXPECTED_DUCKDB):
        return (
            f"duckdb {found} writes other files than {EXPECTED_DUCKDB}; reinstall from "
            ".ci/constraints.txt"
        )
    return None


def _home_writable(settings: Settings) -> str | None:
    """STRATA_HOME can be written to."""
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    return None if os.access(folder, os.W_OK) else f"{folder} is read-only; set STRATA_HOME"


def _disk(settings: Settings) -> str | None:
    """There is room on the disk."""
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    return None if free >= LOW_DISK_GB else f"{free:.1f} GB left under {folder}; free some space"


def _lock(settings: Settings) -> str | None:
    """No run is under way."""
    from orchestration.run import RunInProgressError, run_lock

    lock: Path = settings.warehouse_dir / "run.lock"
    if not lock.exists():
        return None
    try:
        with run_lock(lock):
            return None
    except RunInProgressError as error:
        return str(error)


def _published(settings: Settings) -> str | None:
    """The published file, if there is one, opens."""
    import duckdb

    from orchestration.publishing.reader import open_published

    if not settings.published_file.exists():
        return None
    try:
        with open_published(settings.published_file) as published:
            published.execute("select count(*) from publish_info").fetchone()
    except duckdb.Error as error:
        return f"{error}; run `strata run` to publish again"
    return None
