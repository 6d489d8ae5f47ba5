"""What a killed run leaves in the Dagster instance does not stop the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from orchestration.instance import COMMAND_TAG, write_dagster_yaml
from orchestration.reaper import dead_runs, reap
from orchestration.run_lock import run_lock

POOL = "duckdb_writer"
# a run in a process of its own, under the settings that a company's instance has
RUN = """
import os, sys, time
import dagster as dg

@dg.op(pool="duckdb_writer")
def never_ends():
    time.sleep(600)

@dg.job(executor_def=dg.in_process_executor)
def endless():
    never_ends()

with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
    endless.execute_in_process(instance=instance)
"""


@dg.job
def nothing() -> None:
    """A job without steps."""


def test_a_killed_run_is_marked_and_gives_its_place_back(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots(POOL, 1)
        killed = instance.create_run_for_job(
            nothing, status=dg.DagsterRunStatus.STARTED, tags={COMMAND_TAG: "run"}
        )
        scheduled = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
        storage.claim_concurrency_slot(POOL, killed.run_id, "models")
        assert storage.get_concurrency_info(POOL).active_slot_count == 1

        reap(instance, lock_file=None)

        assert storage.get_concurrency_info(POOL).active_slot_count == 0
        assert instance.get_run_by_id(killed.run_id).status == dg.DagsterRunStatus.FAILURE
        # a run of the daemon that has not told of its process yet may be just beginning
        assert instance.get_run_by_id(scheduled.run_id).status == dg.DagsterRunStatus.STARTED


def test_a_run_that_ended_without_giving_its_place_back_keeps_nobody_waiting(
    tmp_path: Path,
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots(POOL, 3)
        runs = [
            instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
            for _ in range(3)
        ]
        ended, forgotten, under_way = (run.run_id for run in runs)
        for run_id in (ended, forgotten, under_way):
            storage.claim_concurrency_slot(POOL, run_id, "models")
        instance.report_run_failed(runs[0])
        instance.delete_run(forgotten)
        # what is under test is what is left when Dagster's own way was cut short
        storage.claim_concurrency_slot(POOL, ended, "published")

        assert reap(instance, lock_file=None) == []

        assert storage.get_concurrency_info(POOL).active_run_ids == {under_way}


def test_a_run_of_the_command_is_dead_when_nobody_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = instance.create_run_for_job(
            nothing, status=dg.DagsterRunStatus.STARTED, tags={COMMAND_TAG: "run"}
        )
        # whatever its number says: in another container it is another one
        with run_lock(lock):
            assert reap(instance, lock) == []
        assert [dead.run_id for dead in reap(instance, lock)] == [run.run_id]


def test_a_run_is_ended_when_its_process_is_gone_and_not_before(
    tmp_path: Path, monkeypatch
) -> None:
    write_dagster_yaml(tmp_path)
    lock = tmp_path / "run.lock"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    # opened before the other process does, its databases are there when that one looks for them
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN], env={**os.environ, "DAGSTER_HOME": str(tmp_path)}
        )
        try:
            run = _wait_for_step(instance)
            assert list(dead_runs(instance, lock)) == []
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            with launched_elsewhere(tmp_path) as other:
                assert list(dead_runs(other, lock)) == []
            assert [dead.run_id for dead in reap(instance, lock)] == [run.run_id]
            assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE
            assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0
            assert reap(instance, lock) == []
        finally:
            process.kill()
            process.wait(10)


@contextmanager
def launched_elsewhere(dagster_home: Path) -> Iterator[dg.DagsterInstance]:
    """The same records where runs are launched otherwise, as in containers of their own."""
    settings = dagster_home / "dagster.yaml"
    before = settings.read_text()
    launcher = "dagster._core.launcher.sync_in_memory_run_launcher"
    settings.write_text(
        f"{before}run_launcher: {{module: {launcher}, class: SyncInMemoryRunLauncher}}\n"
    )
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        yield instance
    settings.write_text(before)


def _wait_for_step(instance: dg.DagsterInstance) -> dg.DagsterRun:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for run in instance.get_runs():
            started = instance.get_records_for_run(
                run.run_id, of_type=dg.DagsterEventType.STEP_START
            ).records
            if started:
                return run
        time.sleep(0.2)
    raise AssertionError("the run did not begin within a minute")
