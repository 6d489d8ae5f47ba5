"""Times interests, and grades them by truth: `python -m tests.benchmarks.interests`.

Belongs here: invented customers at growing sizes; a simulated company's interests beside what its
people really like; and what of both is printed. Does not belong here: assertions; a slow machine
is no failure.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from orchestration.analysis.interests import find_interests
from orchestration.demo.interest_accuracy import interest_accuracy, reachable_accuracy
from orchestration.resources.run_record import peak_memory_mb
from tests.analysis.invented_tastes import many

AS_OF = date(2025, 12, 31)


def main() -> None:
    """Print one row per size, or with --home how right that company's interests are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--home", type=Path, help="a company that `strata simulate` made and ran")
    arguments = parser.parse_args()
    if arguments.home:
        _grade(arguments.home)
        return
    sys.stdout.write(
        f"{'customers':>10} {'pairs':>12} {'served':<9} {'groups':>7} {'interests':>12} {'s':>7} "
        f"{'input MB':>9} {'peak MB':>8}\n"
    )
    for customers in arguments.customers:
        _time(customers)


def _time(customers: int) -> None:
    tastes = many(customers, seed=1)
    before = peak_memory_mb()
    started = time.perf_counter()
    result = find_interests(tastes.acts, tastes.categories, as_of_date=AS_OF, seed=360)
    seconds = time.perf_counter() - started
    sys.stdout.write(
        f"{customers:>10,} {tastes.acts.num_rows:>12,} {result.served:<9} "
        f"{len(result.factors):>7} {result.interests.num_rows:>12,} {seconds:>7.1f} "
        f"{before:>9,.0f} {peak_memory_mb():>8,.0f}\n"
    )
    sys.stdout.flush()


def _grade(home: Path) -> None:
    build, truth = home / "warehouse" / "build.duckdb", home / "truth.duckdb"
    found = interest_accuracy(build, truth)
    best = reachable_accuracy(build, truth)
    joined = found.merge(best, on="min_signs", validate="1:1", suffixes=("", "_reachable"))
    sys.stdout.write(joined.round(3).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
