"""What a marketer waits for: previews of every audience, and an export for every channel.

Belongs here: the table of times. Does not belong here: what the commands do.

    python -m tests.benchmarks.audiences [PERSONS | --home FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from orchestration.audiences.reader import read_audiences
from orchestration.publishing.contacts import CONTACTS
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR
from tests.benchmarks.own_process import say
from tests.benchmarks.runs import strata, timed_run

REPEATS = 3
EXPORTED = "growth_customers"


def main() -> None:
    """Print the time of each command, process start included."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.audiences")
    parser.add_argument("persons", nargs="?", type=int, default=20_000)
    parser.add_argument("--home", type=Path, help="A company that was built already.")
    asked = parser.parse_args()
    if asked.home:
        _time_commands(asked.home)
        return
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        home = Path(scratch)
        strata(home, "simulate", "--persons", str(asked.persons))
        timed_run(home)
        _time_commands(home)


def _time_commands(home: Path) -> None:
    codes = sorted(read_audiences(DBT_PROJECT_DIR, SEEDS_DIR))
    previews = {code: _seconds(home, "audience", "preview", code) for code in codes}
    slowest = max(previews, key=previews.get)
    say(
        f"{len(codes)} previews: median {statistics.median(previews.values()):.2f} s, "
        f"slowest {previews[slowest]:.2f} s ({slowest})"
    )
    for channel in CONTACTS:
        seconds = _seconds(home, "audience", "export", EXPORTED, "--channel", channel)
        say(f"export {EXPORTED} for {channel}: {seconds:.2f} s")
    say(f"all messages of the day: {_seconds(home, 'message', 'export'):.2f} s")
    say(f"tables for reverse-ETL tools: {_seconds(home, 'audience', 'sync'):.2f} s")


def _seconds(home: Path, *arguments: str) -> float:
    """Median of a few calls, as whoever waits for one sees it."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        strata(home, *arguments)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
