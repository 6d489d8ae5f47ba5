"""Runs whose process is gone, and what they hold.

Belongs here: telling such runs from running ones, and ending them. Does not belong here: when that
is done (run, the `strata ui` command, a sensor) or told (doctor).

After a power cut Dagster goes on counting such a run against the limit of runs and the pool of the
warehouse file. Its own monitoring ends it after three hours; until then every other run would wait.
A run that is told to stop (Ctrl-C, `systemctl stop`) ends by itself, but may keep its place in the
pool, for which the next run of the command would wait for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.alerts import AlertNotSentError, alert_of, send
from orchestration.instance import COMMAND_TAG, company_instance
from orchestration.run_lock import is_locked
from orchestration.settings import Settings

STARTED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
GONE = "The process of this run ended before the run did."
PID = "pid"
# A process is told from an older one of the same number by its age, which counts in clock ticks.
TOLERANCE_SECONDS = 2.0


def recover(settings: Settings) -> Iterator[str]:
    """Prepare Dagster's folder, and end what a power cut left; says what was done.

    To be called before the daemon starts, on the machine that runs run on.
    """
    with company_instance(settings) as instance:
        dead = reap(instance, settings.run_lock_file)
    for run in dead:
        yield f"run {run.run_id} had not ended although its process had; marked as failed"
        if settings.wants_alerts:
            try:
                send(alert_of(settings, run.job_name, run.run_id, {}), settings)
            except AlertNotSentError as error:
                yield str(error)


def reap(instance: dg.DagsterInstance, lock_file: Path | None) -> list[dg.DagsterRun]:
    """Mark runs whose process is gone as failed, and free what they held.

    Args:
        instance: The company's Dagster instance, on the machine that its runs run on.
        lock_file: What `strata run` locks for as long as it lives; None when the caller holds it.

    Returns:
        The runs that were ended.
    """
    dead = list(dead_runs(instance, lock_file))
    for run in dead:
        instance.report_run_failed(run, GONE)
    for run_id in _ended_in_a_pool(instance):
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return dead


def _ended_in_a_pool(instance: dg.DagsterInstance) -> set[str]:
    """Runs that have ended, or are forgotten, and still have or wait for a place in a pool."""
    storage = instance.event_log_storage
    pools = [storage.get_concurrency_info(pool) for pool in storage.get_concurrency_keys()]
    there = set[str]().union(
        *(pool.active_run_ids | pool.pending_run_ids | pool.assigned_run_ids for pool in pools)
    )
    runs = {run_id: instance.get_run_by_id(run_id) for run_id in there}
    return {run_id for run_id, run in runs.items() if run is None or run.is_finished}


def dead_runs(instance: dg.DagsterInstance, lock_file: Path | None) -> Iterator[dg.DagsterRun]:
    """Runs that count as under way and whose process is gone; `lock_file` as in `reap`."""
    for run in instance.get_runs(dg.RunsFilter(statuses=STARTED)):
        # it may have ended between being listed and being looked at
        if _is_dead(instance, run, lock_file) and _is_started(instance, run.run_id):
            yield run


def _is_dead(instance: dg.DagsterInstance, run: dg.DagsterRun, lock_file: Path | None) -> bool:
    if COMMAND_TAG in run.tags:
        return lock_file is None or not is_locked(lock_file)
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        # the numbers are those of another container or machine
        return False
    process = _process(instance, run.run_id)
    return process is not None and not _is_running(*process)


def _is_started(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status in STARTED


def _process(instance: dg.DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """The process of a run and when it told of itself; None before it did."""
    records = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ENGINE_EVENT, limit=20
    ).records
    for record in records:
        entry = record.event_log_entry
        metadata = entry.dagster_event.engine_event_data.metadata if entry.dagster_event else {}
        if PID in metadata:
            return int(str(metadata[PID].value)), entry.timestamp
    return None


def _is_running(pid: int, seen_at: float) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    started_at = _started_at(pid)
    return started_at is None or started_at <= seen_at + TOLERANCE_SECONDS


def _started_at(pid: int) -> float | None:
    """When a process started, in seconds since the epoch; None where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        booted_at = next(
            float(line.split()[1])
            for line in Path("/proc/stat").read_text().splitlines()
            if line.startswith("btime")
        )
    except (OSError, StopIteration):
        return None
    # the name before the last bracket may hold spaces; the start time is field 22
    ticks = float(stat.rpartition(")")[2].split()[19])
    return booted_at + ticks / os.sysconf("SC_CLK_TCK")
