"""What a killed run leaves in the Dagster instance does not stop the next one."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from orchestration.run import COMMAND_TAG, end_killed_runs

POOL = "duckdb_writer"


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

        end_killed_runs(instance)

        assert storage.get_concurrency_info(POOL).active_slot_count == 0
        assert instance.get_run_by_id(killed.run_id).status == dg.DagsterRunStatus.FAILURE
        # runs of the daemon are not this command's to end
        assert instance.get_run_by_id(scheduled.run_id).status == dg.DagsterRunStatus.STARTED
