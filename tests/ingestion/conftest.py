"""The scratch company as a fixture.

Belongs here: fixtures. Does not belong here: helpers that tests import (ingestion_company.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ingestion_company import Company


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path)
    yield made
    made.con.close()
