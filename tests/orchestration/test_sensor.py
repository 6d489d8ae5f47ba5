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
import duckdb
import pytest

from orchestration.automation import daily_job, landing_sensor, micro_batch_job
from orchestration.ingestion import load_landing
from orchestration.ingestion.contracts import load_contracts
from orchestration.ingestion.discover import discover, listing_fingerprint
from orchestration.micro_batch import obstacle
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
STORM = 1_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, landing_stable_seconds=10)
    settings.make_dirs()
    return settings


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_manifest(Settings(home=tmp_path_factory.mktemp("manifest")))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def land(settings: Settings, name: str, *, age_seconds: float) -> Path:
    path = settings.landing_dir / "standard" / "orders" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("order_id,ordered_at\n1,2025-01-01\n")
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


@pytest.fixture(scope="module")
def jobs(manifest: Path) -> list[dg.UnresolvedAssetJobDefinition]:
    return [daily_job(), micro_batch_job(manifest)]


@pytest.fixture
def ask(settings: Settings, manifest: Path, instance: dg.DagsterInstance, jobs: list):
    def answer(of: Settings = settings) -> dg.RunRequest | dg.SkipReason:
        sensor = landing_sensor(CONTRACTS, manifest, of, jobs)
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


def test_a_micro_batch_that_broke_off_is_followed_by_a_daily_run(
    settings: Settings, manifest: Path, ask
) -> None:
    land(settings, "a.csv", age_seconds=100)
    state = complete_daily(settings, manifest)
    land(settings, "b.csv", age_seconds=50)
    batch = ask()
    note_begun(settings, replace(state, run_id="batch"))
    daily = ask()
    assert (batch.job_name, daily.job_name) == ("micro_batch", "daily")
    assert batch.run_key != daily.run_key, "Dagster starts one run per key"


def test_a_thousand_files_at_once_start_one_run_that_loads_each_once(
    settings: Settings, manifest: Path, ask
) -> None:
    complete_daily(settings, manifest)
    for number in range(STORM):
        path = land(settings, f"{number:04}.csv", age_seconds=100)
        # every tenth is a copy of the one before
        content = path.read_text().replace("1,", f"{number - (number % 10 == 9)},")
        path.write_text(content)
        os.utime(path, (time.time() - 100, time.time() - 100))
    answers = [ask() for _ in range(3)]
    assert len({answer.run_key for answer in answers}) == 1, "Dagster starts one run per key"
    land(settings, "late.csv", age_seconds=1)
    assert "still being written" in ask().skip_message

    with duckdb.connect() as build:
        loads = [
            load_landing(
                build, CONTRACTS, settings.landing_dir, run_id=run, temp_dir=settings.temp_dir
            )
            for run in ("first", "second")
        ]
        assert [load.rows_loaded for load in loads] == [STORM * 9 // 10, 0]
        rows = "select count(*), count(distinct order_id) from raw.standard__orders"
        assert build.execute(rows).fetchone() == (STORM * 9 // 10, STORM * 9 // 10)
        statuses = "select status, count(*) from raw.landing_file group by all order by all"
        assert build.execute(statuses).fetchall() == [
            ("loaded", STORM * 9 // 10),
            # with `late.csv`, whose content had come already
            ("repeated", STORM // 10 + 1),
        ]


COMPLETE = RunState(
    run_id="r",
    landing="files",
    project="models",
    complete=True,
    daily_at="2026-01-02T02:30:00+00:00",
)
SAME_DAY = datetime(2026, 1, 2, 20, tzinfo=UTC)


def test_a_micro_batch_goes_on_from_a_complete_run_of_the_day() -> None:
    assert obstacle(COMPLETE, project="models", as_of=None, now=SAME_DAY) is None
    backfilled = replace(COMPLETE, as_of="2024-01-01")
    assert obstacle(backfilled, project="models", as_of="2024-01-01", now=SAME_DAY) is None


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (None, "no daily run"),
        (replace(COMPLETE, daily_at=None), "no daily run"),
        # nobody knows what the broken run's tables had taken in
        (replace(COMPLETE, complete=False), "did not reach its end"),
        # a table that is left may have got another column
        (replace(COMPLETE, project="other"), "changed since"),
        # scores of another day stand in the tables that are left
        (replace(COMPLETE, as_of="2024-01-01"), "2024-01-01"),
        (replace(COMPLETE, daily_at="2026-01-01T02:30:00+00:00"), "too long ago"),
        # a clock that was wrong once would let batches go on until it is reached
        (replace(COMPLETE, daily_at="2031-01-01T02:30:00+00:00"), "in the future"),
    ],
)
def test_anything_else_is_followed_by_a_daily_run(state: RunState | None, says: str) -> None:
    assert says in obstacle(state, project="models", as_of=None, now=SAME_DAY)


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
