"""The landing sensor: one run per state of the folder, and none for a file still being written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.automation import daily_job, landing_sensor, micro_batch_job
from orchestration.ingestion.contracts import load_contracts
from orchestration.ingestion.discover import discover, listing_fingerprint
from orchestration.resources.dbt import ensure_manifest
from orchestration.resources.run_state import (
    RunState,
    note_begun,
    note_complete,
    project_fingerprint,
    read_run_state,
)
from orchestration.settings import STAGING_DIR, Settings

CONTRACTS = load_contracts(STAGING_DIR)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, landing_stable_seconds=10)
    settings.make_dirs()
    return settings


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_manifest(Settings(home=tmp_path_factory.mktemp("manifest")))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def land(settings: Settings, name: str, *, age_seconds: float) -> Path:
    path = settings.landing_dir / "standard" / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("order_id,ordered_at\n1,2025-01-01\n")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


@pytest.fixture
def ask(settings: Settings, manifest: Path, instance: dg.DagsterInstance):
    def answer(of: Settings = settings) -> dg.RunRequest | dg.SkipReason:
        sensor = landing_sensor(CONTRACTS, manifest, of, [daily_job(), micro_batch_job(manifest)])
        return sensor(dg.build_sensor_context(instance=instance))

    return answer


def complete_daily(settings: Settings, manifest: Path) -> RunState:
    """A daily run that loaded all there is, and published."""
    note_begun(
        settings,
        RunState(
            run_id="yesterday",
            landing=listing_fingerprint(discover(settings.landing_dir, CONTRACTS)),
            project=project_fingerprint(
                json.loads(manifest.read_text()), settings.compiled_into_models
            ),
        ),
    )
    note_complete(settings, "yesterday", is_daily=True)
    return read_run_state(settings)


def test_an_empty_folder_starts_nothing(ask) -> None:
    assert isinstance(ask(), dg.SkipReason)


def test_a_file_still_being_written_is_waited_for(settings: Settings, ask) -> None:
    land(settings, "growing.csv", age_seconds=1)
    answer = ask()
    assert isinstance(answer, dg.SkipReason)
    assert "still being written" in answer.skip_message


def test_one_state_of_the_folder_has_one_run_key(settings: Settings, ask) -> None:
    land(settings, "a.csv", age_seconds=100)
    first, second = ask(), ask()
    assert first.run_key == second.run_key
    land(settings, "b.csv", age_seconds=50)
    assert ask().run_key != first.run_key


def test_the_first_files_start_a_daily_run_and_later_ones_a_micro_batch(
    settings: Settings, manifest: Path, ask
) -> None:
    land(settings, "a.csv", age_seconds=100)
    assert ask().job_name == "daily"
    complete_daily(settings, manifest)
    assert isinstance(ask(), dg.SkipReason), "the daily run loaded that file"
    land(settings, "b.csv", age_seconds=50)
    assert ask().job_name == "micro_batch"
    assert ask(settings.model_copy(update={"landing_runs": "daily"})).job_name == "daily"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"complete": False}, "nobody knows what the broken run's tables had taken in"),
        ({"project": "other"}, "a table that is left out may have got another column"),
        ({"as_of": "2024-01-01"}, "scores of another day stand in the tables that are left out"),
        ({"daily_at": "2020-01-01T00:00:00+00:00"}, "scores have become old"),
        ({"daily_at": None}, "nothing has been scored yet"),
    ],
)
def test_a_run_that_cannot_be_gone_on_from_is_followed_by_a_daily_one(
    settings: Settings, manifest: Path, ask, changed: dict, why: str
) -> None:
    land(settings, "a.csv", age_seconds=100)
    state = complete_daily(settings, manifest)
    land(settings, "b.csv", age_seconds=50)
    path = settings.warehouse_dir / "run_state.json"
    path.write_text(json.dumps({**state.__dict__, **changed}))
    assert ask().job_name == "daily", why
    path.write_text(json.dumps(replace(state, daily_at=datetime.now(UTC).isoformat()).__dict__))
    assert ask().job_name == "micro_batch"


def test_files_that_come_while_a_run_is_under_way_start_one_run_after_it(
    settings: Settings, instance: dg.DagsterInstance, ask
) -> None:
    @dg.job
    def daily() -> None:
        """Stands for the run under way."""

    land(settings, "a.csv", age_seconds=100)
    run = instance.create_run_for_job(daily, status=dg.DagsterRunStatus.STARTED)
    for number in range(3):
        land(settings, f"{number}.csv", age_seconds=50)
        assert isinstance(ask(), dg.SkipReason)
    instance.report_run_failed(run)
    assert isinstance(ask(), dg.RunRequest)
