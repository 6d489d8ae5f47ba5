"""What Python models must know of their earlier runs, by business date.

A run of a day starts from the newest memory at or before that day, so that computing an earlier
day again says what was said then.

Belongs here: the files under STRATA_HOME/models that hold such memories. Does not belong here: what
a model remembers.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

# Every day of this span is remembered; of earlier months the last day on which a run looked.
REMEMBERED_DAYS = 35


def recall(folder: Path, as_of_date: date) -> dict[str, Any] | None:
    """The newest memory at or before the date; None without one.

    Raises:
        ValueError: The file is no JSON.
    """
    known = [day for day in _days(folder) if day <= as_of_date]
    if not known:
        return None
    path = _path(folder, known[-1])
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(
            f"{path} is not readable ({error}); delete it to forget that day"
        ) from error


def remember(folder: Path, as_of_date: date, memory: dict[str, Any]) -> None:
    """Keep a memory of the date, in place of an older one of the same date."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, as_of_date)
    aside = path.with_suffix(".partial")
    aside.write_text(json.dumps(memory, ensure_ascii=False, separators=(",", ":")))
    aside.replace(path)
    days = _days(folder)
    last_of_month = {(day.year, day.month): day for day in days}
    oldest = days[-1] - timedelta(days=REMEMBERED_DAYS)
    for day in days:
        if day < oldest and last_of_month[day.year, day.month] != day:
            _path(folder, day).unlink()


def _days(folder: Path) -> list[date]:
    return sorted(date.fromisoformat(path.stem) for path in folder.glob("????-??-??.json"))


def _path(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.json"
