"""Memories of models: a day knows itself and what came before, never what came after."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.resources.dated_memory import recall, remember


def test_a_day_recalls_the_newest_memory_that_is_not_later(tmp_path: Path) -> None:
    assert recall(tmp_path / "model", date(2025, 3, 1)) is None
    for day in (10, 20):
        remember(tmp_path / "model", date(2025, 3, day), {"day": day, "词": "护肤"})
    assert recall(tmp_path / "model", date(2025, 3, 9)) is None
    assert recall(tmp_path / "model", date(2025, 3, 19)) == {"day": 10, "词": "护肤"}
    assert recall(tmp_path / "model", date(2026, 1, 1))["day"] == 20
    remember(tmp_path / "model", date(2025, 3, 10), {"day": 11})
    assert recall(tmp_path / "model", date(2025, 3, 10)) == {"day": 11}


def test_of_earlier_months_the_last_day_stays(tmp_path: Path) -> None:
    first = date(2025, 1, 1)
    for number in range(90):
        remember(tmp_path, first + timedelta(days=number), {"number": number})
    days = {date.fromisoformat(path.stem) for path in tmp_path.iterdir()}
    newest = first + timedelta(days=89)
    assert {newest - timedelta(days=back) for back in range(36)} <= days
    assert {date(2025, 1, 31), date(2025, 2, 28)} <= days
    assert len(days) < 40


def test_a_broken_memory_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "2025-01-01.json").write_text("{")
    with pytest.raises(ValueError, match=r"2025-01-01\.json"):
        recall(tmp_path, date(2025, 1, 2))
