"""One simulated retailer for every test that only reads it.

Belongs here: the shared landing folder and truth file. Does not belong here: a retailer that a test
simulates with arguments of its own.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.demo import simulate

PERSONS, SEED, UNTIL = 2_000, 7, date(2025, 3, 31)


@pytest.fixture(scope="session")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `landing` and `truth.duckdb`."""
    folder = tmp_path_factory.mktemp("retailer")
    simulate(PERSONS, SEED, folder / "landing", folder / "truth.duckdb", until=UNTIL)
    return folder
