"""Times the main job at growing sizes, first build and rerun: `make bench`.

Belongs here: sizes and the table. Does not belong here: assertions; a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.runs import strata, timed_run


def main() -> None:
    """Simulate and build each size in a scratch folder and print one row per run."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("persons", nargs="*", type=int, default=[1_000, 5_000, 20_000])
    sizes = parser.parse_args().persons
    sys.stdout.write(
        f"{'persons':>9} {'run':<7} {'wall s':>8} {'sql s':>8} {'python s':>9} {'other s':>8} "
        f"{'peak MB':>8} {'events':>10} {'file MB':>8}\n"
    )
    for persons in sizes:
        with tempfile.TemporaryDirectory(prefix="strata-bench-") as home:
            _bench(persons, Path(home))


def _bench(persons: int, home: Path) -> None:
    strata(home, "simulate", "--persons", str(persons))
    for label in ("first", "again"):
        cost = timed_run(home)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        sys.stdout.write(
            f"{persons:>9,} {label:<7} {cost.wall:>8.1f} {cost.sql:>8.1f} {cost.python:>9.1f} "
            f"{cost.other:>8.1f} {peak:>8,.0f} {cost.events:>10,} {cost.megabytes:>8.1f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
