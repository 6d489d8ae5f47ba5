"""Times the main job at growing sizes, first build and rerun: `make bench`.

Belongs here: running the command at several sizes and printing what run_log says.
Does not belong here: assertions; a slow machine is no failure.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

STRATA = Path(sys.executable).with_name("strata")
SECONDS_SQL = """
    select kind, sum(seconds), max(peak_memory_mb)
    from run_log
    where run_id = (select max(run_id) from publish_info)
    group by kind
"""


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
    environment = {**os.environ, "STRATA_HOME": str(home)}
    _call(["simulate", "--persons", str(persons)], environment)
    for label in ("first", "again"):
        started = time.perf_counter()
        _call(["run"], environment)
        wall = time.perf_counter() - started
        sys.stdout.write(_row(persons, label, wall, home / "published" / "strata360.duckdb"))
        sys.stdout.flush()


def _call(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [str(STRATA), *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"strata {' '.join(arguments)} failed:\n{done.stderr}")


def _row(persons: int, label: str, wall: float, published: Path) -> str:
    with duckdb.connect(str(published), read_only=True) as connection:
        spent = {kind: seconds for kind, seconds, _ in connection.execute(SECONDS_SQL).fetchall()}
        events = connection.execute("select count(*) from events").fetchone()[0]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return (
        f"{persons:>9,} {label:<7} {wall:>8.1f} {spent.get('sql', 0):>8.1f} "
        f"{spent.get('python', 0):>9.1f} {spent.get('orchestration', 0):>8.1f} {peak:>8,.0f} "
        f"{events:>10,} {published.stat().st_size / 2**20:>8.1f}\n"
    )


if __name__ == "__main__":
    main()
