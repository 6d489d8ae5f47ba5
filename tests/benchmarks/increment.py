"""What a day costs: a full build, the files of two more days, nothing new, and a rebuild.

Of the two days the first is like any other; the second ends a month, which models then learn from.

Belongs here: the runs and their table. Does not belong here: splitting files (last_day.py).

    python -m tests.benchmarks.increment [PERSONS] [--until DATE]

An earlier DATE makes a company with less history: a day should cost what it costs with more.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

from tests.benchmarks.last_day import hold_back
from tests.benchmarks.own_process import say
from tests.benchmarks.runs import RunCost, strata, timed_run
from tests.warehouse.comparison import LOAD_COLUMNS, TABLES_ABOUT_LOADS, differing_rows

#: The last of a month, not of a year, when thousands of members lose points.
LAST_DAY = date(2025, 11, 30)
NEXT_DAY, MONTH_END = "next day", "end of month"
DAYS = (NEXT_DAY, MONTH_END)


def main() -> None:
    """Print what each run costs, as a share of the full build, and whether the results agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.increment")
    parser.add_argument("persons", nargs="?", type=int, default=20_000)
    parser.add_argument("--until", type=date.fromisoformat, default=LAST_DAY, metavar="DATE")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        increment(asked.persons, asked.until, Path(scratch))


def increment(persons: int, until: date, scratch: Path) -> None:
    """Build all but two days, then each of them, then nothing new, then all of it from scratch."""
    home, published = scratch / "home", scratch / "home" / "published" / "strata360.duckdb"
    home.mkdir()
    strata(home, "simulate", "--persons", str(persons), "--until", str(until))
    # a day's rows can be told from the rest only when it is the last one
    for label, day in ((MONTH_END, until), (NEXT_DAY, until - timedelta(days=1))):
        rows = hold_back(home / "landing", day, scratch / label)
        say(f"{rows:,} rows on {day} of {persons:,} persons")
    say(f"{'run':<12} {'wall s':>8} {'sql s':>8} {'python s':>9} {'other s':>8} {'of the sql':>10}")
    runs: dict[str, RunCost] = {}
    _run("full build", home, runs)
    for label in DAYS:
        shutil.copytree(scratch / label, home / "landing", dirs_exist_ok=True)
        _run(label, home, runs)
    after_days = scratch / "after_days.duckdb"
    shutil.copy(published, after_days)
    _run("nothing new", home, runs)
    # the published file stays, from which a rebuild takes its ids
    (home / "warehouse" / "build.duckdb").unlink()
    _run("rebuild", home, runs)
    _say_areas(runs)
    different = differing_rows(
        after_days, published, ignore=TABLES_ABOUT_LOADS, ignore_columns=LOAD_COLUMNS
    )
    say(f"rows that differ between the days and the rebuild: {different or 'none'}")


def _run(label: str, home: Path, runs: dict[str, RunCost]) -> None:
    """Add a run to those before it, and say what it cost beside the first."""
    cost = runs[label] = timed_run(home)
    full = runs["full build"]
    say(
        f"{label:<12} {cost.wall:>8.1f} {cost.sql:>8.1f} {cost.python:>9.1f} {cost.other:>8.1f} "
        f"{cost.sql / full.sql:>10.1%}"
    )


def _say_areas(runs: dict[str, RunCost]) -> None:
    full = runs["full build"].sql_by_area
    say(f"{'sql, s':<42} {'full build':>12}" + "".join(f"{label:>22}" for label in DAYS))
    for area, seconds in sorted(full.items(), key=lambda pair: -pair[1]):
        shares = (runs[label].sql_by_area.get(area, 0) for label in DAYS)
        cells = "".join(f"{share:>14.1f} {share / seconds:>7.1%}" for share in shares)
        say(f"{area:<42} {seconds:>12.1f}{cells}")


if __name__ == "__main__":
    main()
