"""What a run notes of a step is the step's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse

MEGABYTE = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot forget a peak")
def test_memory_of_an_earlier_step_is_not_this_steps(tmp_path: Path) -> None:
    warehouse = Warehouse(
        path=str(tmp_path / "build.duckdb"),
        temp_dir=str(tmp_path),
        memory_limit="1GB",
        threads=1,
    )
    for name, megabytes in (("large", 400), ("small", 1)):
        with timed_step(warehouse, "run", name) as step:
            # written to, or the system would not hand it out
            held = bytearray(b"x") * (megabytes * MEGABYTE)
            step.rows = len(held)
            del held
    with warehouse.connect() as connection:
        peaks = dict(connection.execute("select step, peak_memory_mb from ops.run_log").fetchall())
    assert 300 < peaks["large"] - peaks["small"] < 500
