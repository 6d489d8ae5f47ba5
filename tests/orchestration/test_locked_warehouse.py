"""A step that finds the build file held by another program waits, and is tried again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration.resources import warehouse as module
from orchestration.resources.warehouse import Warehouse, WarehouseLockedError

HOLDER = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setattr(module, "LOCK_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(module, "LOCK_POLL_SECONDS", 0.1)
    monkeypatch.setattr(module, "LOCK_RETRY_SECONDS", 1)
    path = str(tmp_path / "build.duckdb")
    return Warehouse(path=path, temp_dir=str(tmp_path), memory_limit="1GB", threads=1)


def held(path: str) -> subprocess.Popen:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    holder.stdout.readline()
    return holder


def write(warehouse: Warehouse, *, meanwhile=lambda: None) -> dg.ExecuteInProcessResult:
    """A run of one step that writes; `meanwhile` happens after an attempt that met the lock."""

    @dg.op
    def writes(warehouse: Warehouse) -> None:
        try:
            with warehouse.connect() as connection:
                connection.execute("create table done as select 1 as one")
        except dg.RetryRequested:
            meanwhile()
            raise

    @dg.job(resource_defs={"warehouse": warehouse}, executor_def=dg.in_process_executor)
    def writing() -> None:
        writes()

    with dg.DagsterInstance.ephemeral() as instance:
        return writing.execute_in_process(instance=instance, raise_on_error=False)


def test_a_lock_that_goes_away_costs_an_attempt(warehouse: Warehouse) -> None:
    holder = held(warehouse.path)
    result = write(warehouse, meanwhile=holder.kill)
    holder.wait(10)
    assert result.success
    assert result.retry_attempts_for_node("writes") >= 1


def test_a_lock_that_stays_fails_the_step_and_names_itself(warehouse: Warehouse) -> None:
    holder = held(warehouse.path)
    try:
        began = time.monotonic()
        result = write(warehouse)
        assert time.monotonic() - began >= 2, "two retries, a second apart"
    finally:
        holder.kill()
        holder.wait(10)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    chain = failure.event_specific_data.error.to_string()
    assert WarehouseLockedError.__name__ in chain
    assert "is open in another process" in chain
