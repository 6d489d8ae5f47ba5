"""Runs the `strata` command in a home of its own and reads what the run cost.

Belongs here: what benchmarks of whole runs share. Does not belong here: sizes, tables.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.settings import DBT_PROJECT_DIR
from tests.benchmarks.areas import seconds_by_area

STRATA = Path(sys.executable).with_name("strata")


@dataclass(frozen=True)
class RunCost:
    """What one `strata run` took.

    Attributes:
        wall: Seconds from start to end of the command.
        sql: Seconds of models, tests and seeds, two of which may run at once.
        python: Seconds of Python steps.
        other: Seconds of everything else.
        events: Rows of the published `events`.
        megabytes: Size of the published file.
        sql_by_area: Seconds of models, tests and seeds, by area (areas.py).
    """

    wall: float
    sql: float
    python: float
    other: float
    events: int
    megabytes: float
    sql_by_area: dict[str, float]


def strata(home: Path, *arguments: str) -> None:
    """Run the command and end the benchmark with its words if it fails."""
    done = subprocess.run(
        [str(STRATA), *arguments],
        env={**os.environ, "STRATA_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"strata {' '.join(arguments)} failed:\n{done.stderr}")


def timed_run(home: Path) -> RunCost:
    """Run the daily job on a home and say what it cost."""
    started = time.perf_counter()
    strata(home, "run")
    wall = time.perf_counter() - started
    published = home / "published" / "strata360.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        steps = connection.execute("""
            select kind, step, seconds
            from run_log
            where run_id = (select max(run_id) from publish_info)
        """).fetchall()
        events = connection.execute("select count(*) from events").fetchone()[0]
    spent = Counter()
    for kind, _, seconds in steps:
        spent[kind] += seconds
    return RunCost(
        wall=wall,
        sql=spent["sql"],
        python=spent["python"],
        other=spent["orchestration"],
        events=events,
        megabytes=published.stat().st_size / 2**20,
        sql_by_area=seconds_by_area(
            [(step, seconds) for kind, step, seconds in steps if kind == "sql"],
            DBT_PROJECT_DIR / "target" / "manifest.json",
        ),
    )
