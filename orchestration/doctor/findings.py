"""What a check of the doctor says.

Belongs here: levels, findings, what is wrong. Does not belong here: any check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from orchestration.settings import Settings

SHOWN = 5


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
    name = check.__name__
    title = (check.__doc__ or "").strip().splitlines()[0].removesuffix(".")
    trouble = check(settings)
    if trouble is None:
        return Finding(name, title)
    return Finding(name, title, trouble.level, trouble.found, trouble.remedy)


def few(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
