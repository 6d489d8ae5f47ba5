"""What a command costs, what a home takes on the disk, and whether either grows.

Belongs here: measuring and judging series. Does not belong here: what is run (story.py,
__main__.py).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
import numpy as np
from scipy import stats


@dataclass(frozen=True)
class CommandCost:
    """What one command took, its child processes included.

    Attributes:
        status: Exit status.
        wall: Seconds from start to end.
        processor: Seconds of processor time.
        peak_mb: Resident memory of its largest process.
    """

    status: int
    wall: float
    processor: float
    peak_mb: float


def measured(
    command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path
) -> CommandCost:
    """Run a command to its end.

    Args:
        command: The words.
        environment: All of its environment.
        folder: Its working directory.
        log: What it prints is appended there.
    """
    started = time.perf_counter()
    with log.open("a") as printed:
        process = subprocess.Popen(
            list(command), env=environment, cwd=folder, stdout=printed, stderr=subprocess.STDOUT
        )
        # of this child and its children only; the sums of the module `resource` never go down
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return CommandCost(
        status=process.returncode,
        wall=time.perf_counter() - started,
        processor=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1024,
    )


def run_seconds(published: Path) -> dict[str, float]:
    """Seconds of the last run by kind of step: sql, python, orchestration."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return dict(
            connection.execute(
                """
                select kind, sum(seconds) from run_log
                where run_id = (select max(run_id) from publish_info) group by kind
                """
            ).fetchall()
        )


def growth(series: Sequence[float]) -> float:
    """By which part of its middle value a series grows from its first point to its last.

    The slope is Theil and Sen's: a day on which the machine did something else does not bend it.
    """
    if len(series) < 3 or not median(series):
        return 0.0
    slope = stats.theilslopes(np.asarray(series, dtype=float)).slope
    return float(slope * (len(series) - 1) / median(series))


def swollen(
    measured_series: Mapping[str, Sequence[float]],
    data: Sequence[float],
    allowed: Mapping[str, float],
) -> dict[str, str]:
    """Series that grow faster than the data.

    Args:
        measured_series: Figures by name, a value a day.
        data: Rows of data on the same days.
        allowed: By how much each may grow beyond the data's growth, as a part of its middle value.

    Returns:
        Name to what is wrong with it; empty when nothing swells.
    """
    by_data = growth(data)
    found = {}
    for name, limit in allowed.items():
        grown = growth(measured_series[name])
        if grown > by_data + limit:
            found[name] = (
                f"grew by {grown:.1%} while the data grew by {by_data:.1%}; "
                f"{limit:.0%} more are allowed"
            )
    return found
