"""Memory: what loading a file takes does not grow with the file.

Belongs here: peaks at two sizes, measured in processes of their own (the full table: `make bench`).
Does not belong here: speed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.landing_files import write_file
from tests.benchmarks.loading import measure

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("memory")]

ROWS = (600_000, 2_400_000)
# One row is 94 bytes of CSV: a reader that held the file would grow by 169 MB, as text in Python by
# twice that. DuckDB's pool of 128 MB, which holds the table too, fills up between these sizes.
ALLOWED_GROWTH_MB = 85


def peaks(folder: Path, kind: str, rows: tuple[int, int], fault: bytes = b"") -> list[float]:
    """Peak MB of loading one file of each size; `fault` is put at its end."""
    found = []
    for count in rows:
        file = write_file(folder, kind, count)
        if fault:
            with file.open("ab") as stream:
                stream.write(fault)
        load = measure("load", [file], folder, memory_limit="128MB", threads=1)
        assert load.rows == count
        found.append(load.peak_mb)
        file.unlink()
    return found


@pytest.mark.parametrize(
    "kind",
    [
        "csv",
        "parquet",
        *(pytest.param(k, marks=pytest.mark.bench) for k in ("gb18030.csv", "csv.gz", "jsonl.gz")),
    ],
)
def test_four_times_the_rows_take_no_more_memory(tmp_path: Path, kind: str) -> None:
    small, large = peaks(tmp_path, kind, ROWS)

    assert large - small < ALLOWED_GROWTH_MB


@pytest.mark.bench
def test_a_file_read_with_care_takes_no_more_memory_either(tmp_path: Path) -> None:
    # the last 15,000 lines are few enough to load the rest
    small, large = peaks(tmp_path, "csv", ROWS, fault=b"broken\n" * 15_000)

    assert large - small < ALLOWED_GROWTH_MB


def test_a_workbook_is_held_by_another_process_and_not_by_the_run(tmp_path: Path) -> None:
    small, large = peaks(tmp_path, "xlsx", (20_000, 100_000))

    # a million cells, about 100 MB of them, in a process that may not take more than its limit
    assert large - small < ALLOWED_GROWTH_MB
