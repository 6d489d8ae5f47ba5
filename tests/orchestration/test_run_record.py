"""What a run notes of a step is the step's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestration.resources.run_record import timed_step
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

MEGABYTE = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot forget a peak")
def test_memory_of_an_earlier_step_is_not_this_steps(tmp_path: Path) -> None:
    warehouse = Warehouse.of(Settings(home=tmp_path))
    for name, megabytes in (("large", 400), ("small", 1)):
        with timed_step(warehouse, "run", name) as step:
            # written to, or the system would not hand it out
            held = bytearray(b"x") * (megabytes * MEGABYTE)
            step.rows = len(held)
            del held
    with warehouse.connect() as connection:
        peaks = dict(connection.execute("select step, peak_memory_mb from ops.run_log").fetchall())
    assert 300 < peaks["large"] - peaks["small"] < 500
