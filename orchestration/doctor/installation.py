"""Is the program fit to run: versions, folders, disk, secrets, settings.

Belongs here: checks that look at no run and into no database file. Does not belong here: those
(files).
"""

from __future__ import annotations

import os
import stat
import sys
from importlib import metadata
from pathlib import Path

from orchestration.disk import existing_folder, room
from orchestration.doctor.findings import Level, Trouble, few
from orchestration.settings import PROJECT_ROOT, Settings

CONSTRAINTS = PROJECT_ROOT / ".ci" / "constraints.txt"
DISTRIBUTION = "strata360"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def python(settings: Settings) -> Trouble | None:
    """Python is 3.11."""
    found = ".".join(map(str, sys.version_info[:2]))
    if found == "3.11":
        return None
    return Trouble(f"this is Python {found}", "make a virtual environment with python3.11")


def packages(settings: Settings) -> Trouble | None:
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
        f"not as pyproject.toml says: {few(wrong)}",
        "pip install -c .ci/constraints.txt -e . in the project's folder, or `make run`",
    )


def constraints(settings: Settings) -> Trouble | None:
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
        f"{len(other)} differ: {few(other)}",
        "pip install -c .ci/constraints.txt -e . in the project's folder",
        Level.WARNING,
    )


def home(settings: Settings) -> Trouble | None:
    """STRATA_HOME can be written to."""
    folder = existing_folder(settings.home)
    if os.access(folder, os.W_OK):
        return None
    return Trouble(f"{folder} is read-only", "set STRATA_HOME, or give this user the folder")


def disk(settings: Settings) -> Trouble | None:
    """There is room on the disk for the next run."""
    found = room(settings)
    if found.is_enough:
        return None
    return Trouble(
        f"{found.free / 2**30:.1f} GB free under {settings.home}, a run may need "
        f"{found.needed / 2**30:.1f} GB",
        "`strata prune`, free some space, or move STRATA_HOME to a larger disk",
    )


def secrets(settings: Settings) -> Trouble | None:
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


def others(settings: Settings) -> Trouble | None:
    """The company's folder is closed to other users of the machine."""
    if not settings.home.exists() or not settings.home.stat().st_mode & stat.S_IRWXO:
        return None
    return Trouble(
        f"every user of the machine may look into {settings.home}",
        f"chmod o= {settings.home}; who has to read published files joins the folder's group",
        Level.WARNING,
    )


def mail(settings: Settings) -> Trouble | None:
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


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
