"""Pruning: old runs, logs and model versions go; what is served, new or of a person stays."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.instance import write_dagster_yaml
from orchestration.pruning import KEPT_RUNS, KEPT_VERSIONS, prune
from orchestration.resources.run_record import Step, ensure_tables, forget_old_runs, write_steps
from orchestration.settings import Settings

LONG_AGO = timedelta(days=400)


@dg.op
def works() -> None:
    """Does nothing."""


@dg.job(executor_def=dg.in_process_executor)
def small() -> None:
    works()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch) -> Settings:
    settings = Settings(home=tmp_path)
    settings.make_dirs()
    write_dagster_yaml(settings.dagster_home)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    return settings


def touch(path: Path, age: timedelta, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then = time.time() - age.total_seconds()
    os.utime(path, (then, then))
    return path


def test_old_runs_go_with_their_logs_and_the_newest_stay(settings: Settings) -> None:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        first = small.execute_in_process(instance=instance).run_id
        log = settings.dagster_home / "history" / "runs" / f"{first}.db"
        assert log.exists()
        for _ in range(KEPT_RUNS):
            newest = instance.create_run_for_job(small).run_id
        # the clock of the records is the database's own, so age is made by looking from later on
        future = settings.model_copy(update={"history_days": -1})
        assert [one.name for one in prune(future, instance, dry_run=True)] == []
        last = small.execute_in_process(instance=instance).run_id
        assert [one.name for one in prune(future, instance, dry_run=True)] == [first]
        assert log.exists(), "a dry run removes nothing"
    # in another process the file is opened for nothing but the deletion
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        assert [one.name for one in prune(future, instance)] == [first]
        assert instance.get_run_by_id(first) is None
        assert instance.get_run_by_id(newest) is not None
        assert instance.get_run_by_id(last) is not None
    # neither the file nor what SQLite writes beside it, also once all is closed
    assert list(log.parent.glob(f"{first}*")) == []
    assert log.with_name(f"{last}.db").exists()


def test_logs_of_runs_that_are_gone_go_too(settings: Settings) -> None:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        there = small.execute_in_process(instance=instance).run_id
        folder = settings.dagster_home / "history" / "runs"
        left = touch(folder / "00000000-0000-0000-0000-000000000000.db-wal", timedelta(0))
        assert [one.name for one in prune(settings, instance)] == [
            left.relative_to(settings.home).as_posix()
        ]
        assert not left.exists()
        assert (folder / f"{there}.db").exists()
        assert instance.get_records_for_run(there).records


def test_old_model_versions_go_unless_a_day_remembers_them(settings: Settings) -> None:
    folder = settings.models_dir / "churn"
    for number in range(KEPT_VERSIONS + 3):
        for suffix in ("joblib", "md"):
            touch(folder / f"boosting-{number}.{suffix}", LONG_AGO - timedelta(days=number))
    touch(folder / "2024-01-31.json", LONG_AGO, '{"model_version": "boosting-1"}')
    recent = touch(settings.models_dir / "demand" / "demand-1.json", timedelta(days=1))
    spilled = touch(settings.temp_dir / "duckdb_temp_storage-0.tmp", timedelta(days=2))
    spilling = touch(settings.temp_dir / "duckdb_temp_storage-1.tmp", timedelta(0))
    landed = touch(settings.landing_dir / "crm" / "members" / "old.csv", LONG_AGO)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        gone = {one.name for one in prune(settings, instance)}
    assert gone == {
        *(f"models/churn/boosting-{n}.{s}" for n in (0, 2) for s in ("joblib", "md")),
        "warehouse/tmp/duckdb_temp_storage-0.tmp",
    }
    assert not spilled.exists()
    assert all(path.exists() for path in (recent, spilling, landed))


def test_tables_forget_old_runs_but_not_the_last_complete_one() -> None:
    with duckdb.connect() as connection:
        ensure_tables(connection)
        old, now = datetime(2020, 1, 1), datetime.now(UTC).replace(tzinfo=None)  # noqa: DTZ001
        for run_id, started_at in (("old", old), ("complete", old), ("new", now)):
            write_steps(connection, run_id, [Step("ingest", "python", started_at, 1.0)])
            connection.execute(
                "insert into ops.dq_result values (?, 'check', 'warn', 0, true, '')", [run_id]
            )
        connection.execute("insert into ops.complete_run (run_id) values ('complete')")
        forget_old_runs(connection, days=90)
        for table in ("run_log", "dq_result"):
            left = connection.execute(f"select run_id from ops.{table} order by 1").fetchall()  # noqa: S608
            assert left == [("complete",), ("new",)]
