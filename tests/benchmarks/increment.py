"""What a day costs: a full build, the files of one more day, nothing new, and a rebuild.

Belongs here: the runs and their table. Does not belong here: splitting files (last_day.py).

    python -m tests.benchmarks.increment [PERSONS]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from datetime import date
from pathlib import Path

from tests.benchmarks.last_day import hold_back
from tests.benchmarks.own_process import say
from tests.benchmarks.runs import RunCost, strata, timed_run
from tests.warehouse.comparison import LOAD_COLUMNS, TABLES_ABOUT_LOADS, differing_rows

#: A day like any other; on the last of the year thousands of members lose points.
DAY = date(2025, 11, 30)


def main() -> None:
    """Print what each run costs, as a share of the full build, and whether the results agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.increment")
    parser.add_argument("persons", nargs="?", type=int, default=20_000)
    persons = parser.parse_args().persons
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        increment(persons, Path(scratch))


def increment(persons: int, scratch: Path) -> None:
    """Build all but the last day, then that day, then nothing new, then all of it from scratch."""
    home, published = scratch / "home", scratch / "home" / "published" / "strata360.duckdb"
    home.mkdir()
    strata(home, "simulate", "--persons", str(persons), "--until", str(DAY))
    rows = hold_back(home / "landing", DAY, scratch / "day")
    say(f"{persons:,} persons; {rows:,} rows on the last day")
    say(f"{'run':<12} {'wall s':>8} {'sql s':>8} {'python s':>9} {'other s':>8} {'of the sql':>10}")
    full = timed_run(home)
    _row("full build", full, full)
    shutil.copytree(scratch / "day", home / "landing", dirs_exist_ok=True)
    _row("next day", timed_run(home), full)
    after_day = scratch / "after_day.duckdb"
    shutil.copy(published, after_day)
    _row("nothing new", timed_run(home), full)
    # the published file stays, from which a rebuild takes its ids
    (home / "warehouse" / "build.duckdb").unlink()
    _row("rebuild", timed_run(home), full)
    different = differing_rows(
        after_day, published, ignore=TABLES_ABOUT_LOADS, ignore_columns=LOAD_COLUMNS
    )
    say(f"rows that differ between the day and the rebuild: {different or 'none'}")


def _row(label: str, cost: RunCost, full: RunCost) -> None:
    say(
        f"{label:<12} {cost.wall:>8.1f} {cost.sql:>8.1f} {cost.python:>9.1f} {cost.other:>8.1f} "
        f"{cost.sql / full.sql:>10.1%}"
    )


if __name__ == "__main__":
    main()
