"""Dagster's daemon as a company runs it: its worker dies, the power goes, it was off for a while.

Belongs here: what needs the real daemon and whole runs; `make bench` runs it, in some ten minutes.
Does not belong here: one evaluation of a sensor (tests/orchestration/test_sensor.py), ending dead
runs by itself (tests/orchestration/test_killed_run.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import dagster as dg
import duckdb
import pytest

from orchestration.instance import existing_instance
from orchestration.reaper import GONE
from orchestration.settings import PROJECT_ROOT, Settings
from tests.conftest import Company
from tests.faults.test_published_under_fire import build_of
from tests.warehouse.small_company import land, orders, write_feed

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("daemon")]

Found = TypeVar("Found")

DAEMON = Path(sys.executable).with_name("dagster-daemon")
POOL = "duckdb_writer"
#: A whole run of the small company on a busy machine.
RUN_SECONDS = 600
#: The daemon looks for dead runs every quarter of a minute, and answers when it gets to it.
NOTICED_SECONDS = 90


@pytest.fixture(scope="module")
def company(make_company) -> Iterator[Company]:
    made = make_company(
        "daemon",
        automation="true",
        landing_interval_seconds="5",
        landing_stable_seconds="1",
        landing_runs="daily",
        # no tick of its own while the tests wait; the test of ticks says otherwise
        schedule_cron="0 3 1 1 *",
    )
    land(made.landing)
    made.strata("recover")
    yield made
    kill(made)


@contextmanager
def daemon(company: Company, **settings: str) -> Iterator[None]:
    """The daemon and the code server that it starts; their output goes to a file."""
    environment = {f"STRATA_{name.upper()}": value for name, value in settings.items()}
    with (company.home / "daemon.log").open("a") as output:
        process = subprocess.Popen(
            [str(DAEMON), "run", "-w", str(PROJECT_ROOT / "workspace.yaml")],
            env={
                **os.environ,
                **company.environment,
                **environment,
                "STRATA_HOME": str(company.home),
                "DAGSTER_HOME": str(company.home / "dagster"),
            },
            cwd=PROJECT_ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        # in peace first, so that a test that fails leaves no worker behind either
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@contextmanager
def records(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(company.home / "dagster"))
    with existing_instance(Settings(home=company.home, _env_file=None)) as instance:
        yield instance


def processes(company: Company) -> list[int]:
    """Everything that runs for this company."""
    mark = f"STRATA_HOME={company.home}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def kill(company: Company) -> None:
    """What a power cut does: all of them at once."""
    for pid in processes(company):
        os.kill(pid, signal.SIGKILL)


def worker_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    """The process of a run, as it said itself."""
    for record in instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT
    ).records:
        metadata = record.event_log_entry.dagster_event.engine_event_data.metadata
        if "pid" in metadata:
            return int(str(metadata["pid"].value))
    raise AssertionError("the run did not tell of its process")


def wait(what: Callable[[], Found | None], seconds: float, why: str) -> Found:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{why}: not within {seconds:.0f} s")


def ended_or_under_way(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """All runs, the oldest first."""
    return list(reversed(instance.get_runs()))


def at_work(instance: dg.DagsterInstance, number: int) -> dg.DagsterRun:
    """The run of this number when it is in the middle of its steps."""

    def begun() -> dg.DagsterRun | None:
        runs = ended_or_under_way(instance)
        if len(runs) <= number:
            return None
        steps = instance.get_records_for_run(
            runs[number].run_id, of_type=dg.DagsterEventType.STEP_SUCCESS
        ).records
        return runs[number] if steps else None

    return wait(begun, RUN_SECONDS, f"run {number} in the middle of its steps")


def ended(instance: dg.DagsterInstance, run: dg.DagsterRun, seconds: float) -> dg.DagsterRun:
    def state() -> dg.DagsterRun | None:
        now = instance.get_run_by_id(run.run_id)
        return now if now.is_finished else None

    return wait(state, seconds, f"run {run.run_id} has ended")


def assert_whole(company: Company) -> None:
    """Everything that landed is there once, in one whole build."""
    build_of(company.published)
    assert company.failing_balances() == []
    landed = company.landing / "standard" / "orders" / "*.csv"
    placed = duckdb.sql(
        f"select count(distinct order_id) from read_csv('{landed}')"  # noqa: S608
    ).fetchone()
    counts = company.query("select count(*), count(distinct order_id) from orders")
    assert counts == [placed * 2]


def test_a_run_whose_worker_is_killed_is_ended_and_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(company), records(company, monkeypatch) as instance:
        run = at_work(instance, 0)
        os.kill(worker_of(instance, run), signal.SIGKILL)
        killed = ended(instance, run, NOTICED_SECONDS)
        assert killed.status == dg.DagsterRunStatus.FAILURE
        again = at_work(instance, 1)
        assert again.parent_run_id == run.run_id
        assert ended(instance, again, RUN_SECONDS).status == dg.DagsterRunStatus.SUCCESS
        assert instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0
    assert_whole(company)


def test_after_a_power_cut_the_next_daemon_goes_on(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build_of(company.published)
    placed = orders([f"K{customer:04}" for customer in range(20)], seed=5)
    placed = [{**row, "order_id": f"P{row['order_id']}"} for row in placed]
    write_feed(company.landing, "orders", placed, "power.csv")
    with daemon(company), records(company, monkeypatch) as instance:
        run = at_work(instance, 2)
        kill(company)
    assert build_of(company.published) == before
    with daemon(company), records(company, monkeypatch) as instance:
        # nobody called `strata recover`, and the code server that began it is gone, too
        assert ended(instance, run, NOTICED_SECONDS).status == dg.DagsterRunStatus.FAILURE
        failure = instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE
        ).records
        assert failure[0].event_log_entry.dagster_event.message == GONE
        again = at_work(instance, 3)
        assert ended(instance, again, RUN_SECONDS).status == dg.DagsterRunStatus.SUCCESS
        assert len(ended_or_under_way(instance)) == 4
    assert_whole(company)


def test_ticks_that_a_daemon_missed_are_made_up_for_by_one_run_at_most(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every minute of the hours since a schedule was switched on is not run one by one."""
    with records(company, monkeypatch) as instance:
        before = len(instance.get_runs())
        with daemon(company, schedule_cron="* * * * *"):
            first = at_work(instance, before)
            kill(company)
        # three ticks without anybody
        time.sleep(190)
        with daemon(company, schedule_cron="* * * * *"):
            wait(
                lambda: instance.get_run_by_id(first.run_id).is_finished,
                NOTICED_SECONDS,
                "the run that was cut short has ended",
            )
            time.sleep(20)
            scheduled = [
                run
                for run in instance.get_runs()
                if run.tags.get("dagster/schedule_name") == "daily_schedule"
                and not run.parent_run_id
            ]
            # one for all that were missed, and the next minute's
            assert 1 <= len(scheduled) - 1 <= 2
            kill(company)
