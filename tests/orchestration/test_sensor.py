"""The landing sensor: one run per state of the folder, and none for a file still being written."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration.automation import landing_sensor
from orchestration.ingestion.contracts import load_contracts
from orchestration.settings import STAGING_DIR, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, landing_stable_seconds=10)


def land(settings: Settings, name: str, *, age_seconds: float) -> Path:
    path = settings.landing_dir / "standard" / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("order_id,ordered_at\n1,2025-01-01\n")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def ask(settings: Settings) -> dg.RunRequest | dg.SkipReason:
    return landing_sensor(load_contracts(STAGING_DIR), settings)(dg.build_sensor_context())


def test_an_empty_folder_starts_nothing(settings: Settings) -> None:
    assert isinstance(ask(settings), dg.SkipReason)


def test_a_file_still_being_written_is_waited_for(settings: Settings) -> None:
    land(settings, "growing.csv", age_seconds=1)
    answer = ask(settings)
    assert isinstance(answer, dg.SkipReason)
    assert "still being written" in answer.skip_message


def test_one_state_of_the_folder_has_one_run_key(settings: Settings) -> None:
    land(settings, "a.csv", age_seconds=100)
    first, second = ask(settings), ask(settings)
    assert first.run_key == second.run_key
    land(settings, "b.csv", age_seconds=50)
    assert ask(settings).run_key != first.run_key
