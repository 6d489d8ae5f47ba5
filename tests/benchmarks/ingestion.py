"""How fast landing files are loaded beside DuckDB's bare reading, and in how much memory.

Belongs here: sizes, comparisons, tables. Does not belong here: making files, one load.

    python -m tests.benchmarks.ingestion throughput|memory [--rows N]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.landing_files import FORMATS, write_file
from tests.benchmarks.loading import Measured, measure
from tests.benchmarks.own_process import say

DAILY_FILES = 730
ROUNDS = 3


def main() -> None:
    """Print the tables asked for; both unless told."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingestion")
    parser.add_argument("table", nargs="?", choices=["throughput", "memory"])
    parser.add_argument(
        "--rows", type=int, help="Rows of the large files; default 10 and 20 million."
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strata-bench-") as scratch:
        if arguments.table in (None, "throughput"):
            throughput(Path(scratch), arguments.rows or 10_000_000)
        if arguments.table in (None, "memory"):
            memory(Path(scratch), arguments.rows or 20_000_000)


def throughput(scratch: Path, rows: int) -> None:
    """Load and bare reading of the same files, in turns, and how they compare.

    The ratio of processor seconds tells the work; the ratio of seconds also tells how much of it
    two cores do at once, and suffers from whatever else the machine does.
    """
    say(
        f"{'files':<28} {'MB':>6} {'bare s':>8} {'load s':>8} {'ratio':>6} {'bare cpu':>9} "
        f"{'load cpu':>9} {'ratio':>6}"
    )
    for label, files in _throughput_files(scratch, rows):
        rounds = [
            (measure("bare", files, scratch), measure("load", files, scratch))
            for _ in range(ROUNDS)
        ]
        for bare, load in rounds:
            if bare.rows != load.rows:
                raise SystemExit(f"{label}: {load.rows} rows loaded of {bare.rows}")
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        seconds = _medians(rounds, "seconds")
        cpu = _medians(rounds, "cpu_seconds")
        say(
            f"{label:<28} {megabytes:>6,.0f} {seconds[0]:>8.1f} {seconds[1]:>8.1f} "
            f"{seconds[2]:>6.2f} {cpu[0]:>9.1f} {cpu[1]:>9.1f} {cpu[2]:>6.2f}"
        )
        for file in files:
            file.unlink()


def memory(scratch: Path, rows: int, *, memory_limit: str = "256MB") -> None:
    """Peak memory of loading a tenth of the rows and all of them, in every format.

    A workbook is held by a process of its own, cell by cell: a sheet has a million rows at most.
    """
    say(
        f"{'format':<12} {'rows':>11} {'MB':>7} {'seconds':>8} {'peak MB':>8} "
        f"{'workbook process MB':>20}   (DuckDB's limit: {memory_limit})"
    )
    for kind in FORMATS:
        most = min(rows, 1_000_000) if kind == "xlsx" else rows
        for count in (most // 10, most):
            file = write_file(scratch, kind, count)
            load = measure("load", [file], scratch, memory_limit=memory_limit)
            child = f"{load.children_peak_mb:,.0f}" if kind == "xlsx" else ""
            say(
                f"{kind:<12} {load.rows:>11,} {file.stat().st_size / 1e6:>7,.0f} "
                f"{load.seconds:>8.1f} {load.peak_mb:>8,.0f} {child:>20}"
            )
            file.unlink()


def _throughput_files(scratch: Path, rows: int) -> Iterator[tuple[str, list[Path]]]:
    for kind in ("csv", "parquet"):
        yield f"one {kind} file", [write_file(scratch, kind, rows)]
        for share, size in ((5, "large"), (200, "small")):
            daily = max(rows // share // DAILY_FILES, 1)
            yield (
                f"{DAILY_FILES} {size} {kind} files",
                [
                    write_file(scratch, kind, daily, first=day * daily, name=f"{day:03}")
                    for day in range(DAILY_FILES)
                ],
            )


def _medians(rounds: list[tuple[Measured, Measured]], what: str) -> tuple[float, float, float]:
    """Median of the bare reading, of the load, and of the ratio within a round."""
    pairs = [(getattr(bare, what), getattr(load, what)) for bare, load in rounds]
    return (
        statistics.median(bare for bare, _ in pairs),
        statistics.median(load for _, load in pairs),
        statistics.median(load / bare for bare, load in pairs),
    )


if __name__ == "__main__":
    main()
