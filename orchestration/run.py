"""One run of the daily job in this process, with a progress display and a summary.

Belongs here: what `strata run` does around Dagster: the run lock, the instance, the exit status.
Does not belong here: the job itself (definitions) or its display (progress).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

from rich.console import Console

from orchestration.conditions.problems import VocabularyError
from orchestration.privacy.pending import INTERRUPTED_ERASURE, pending
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, STAGING_DIR, Settings
from orchestration.tags import ensure_tags

OK = 0
FAILED = 1
PUBLISHED_WITH_UNREADABLE_FILES = 3
COMMAND_TAG = "strata/command"


class RunInProgressError(RuntimeError):
    """Another run of the same company is under way."""


def run_daily(settings: Settings, as_of: date | None, console: Console | None = None) -> int:
    """Run the daily job and print what happened.

    Returns:
        0 when everything was checked and published; 1 when nothing was published; 3 when it was
        published but a landing file could not be read.
    """
    # bound to the terminal now: while the steps run, what they print goes to a file
    console = console or Console(file=sys.stdout)
    settings.make_dirs()
    try:
        with run_lock(settings.warehouse_dir / "run.lock"):
            if pending(settings.home):
                raise RunInProgressError(INTERRUPTED_ERASURE)
            return _run(settings, as_of, console)
    except (RunInProgressError, VocabularyError) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return FAILED


def _run(settings: Settings, as_of: date | None, console: Console) -> int:
    from orchestration.audiences.reader import read_audiences
    from orchestration.ingestion.contracts import load_contracts
    from orchestration.ingestion.discover import discover
    from orchestration.propensities import read_propensities

    # what people edit is read before anything is done
    ensure_tags(DBT_PROJECT_DIR, SEEDS_DIR)
    read_propensities(DBT_PROJECT_DIR)
    read_audiences(DBT_PROJECT_DIR, SEEDS_DIR)
    found = discover(settings.landing_dir, load_contracts(STAGING_DIR))
    if not any(found.files.values()) and not settings.build_file.exists():
        console.print(
            f"[red]no landing files under {settings.landing_dir}[/red]: put exports into "
            "<source>/<feed>/ there, or run `strata simulate` for a demo retailer",
            highlight=False,
            soft_wrap=True,
        )
        return FAILED
    console.print(f"strata360 · {settings.home}", highlight=False, soft_wrap=True)
    prune_dbt_output(settings.dbt_target_dir)
    result, progress = _execute(settings, as_of, console)
    return _conclude(settings, result, progress, console)


def _execute(settings: Settings, as_of: date | None, console: Console):
    warnings.filterwarnings("ignore", module="dagster.*")
    import dagster as dg

    from orchestration.automation import DAILY_JOB, write_dagster_yaml
    from orchestration.definitions import build_defs
    from orchestration.progress import ProgressHandler
    from orchestration.resources.dbt_server import dbt_server

    write_dagster_yaml(settings.dagster_home)
    settings.run_output_file.write_text("")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    job = build_defs(settings=settings).resolve_job_def(DAILY_JOB)
    with (
        dbt_server(settings, settings.run_output_file),
        dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance,
        ProgressHandler(console) as progress,
        settings.run_output_file.open("a") as output,
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        end_killed_runs(instance)
        result = job.execute_in_process(
            instance=instance,
            tags={COMMAND_TAG: "run"},
            raise_on_error=False,
            run_config={
                "ops": {"ingest": {"config": {"as_of": str(as_of) if as_of else None}}},
                "loggers": {"progress": {}},
            },
        )
    return result, progress


def end_killed_runs(instance) -> None:
    """Mark runs of this command that never ended as failed, and free what they held.

    The caller holds the run lock, so their processes are gone. Dagster would go on counting them
    against the pool of the warehouse file, and the next run would wait for ever.
    """
    import dagster as dg

    unfinished = dg.RunsFilter(
        tags={COMMAND_TAG: "run"},
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
    )
    for run in instance.get_runs(unfinished):
        instance.report_run_failed(run, "The process of this run ended before the run did.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _conclude(settings: Settings, result, progress, console: Console) -> int:
    from orchestration.status import print_outcome, unreadable_files

    if not result.success:
        console.print(
            f"\n[red]Not published.[/red] {settings.published_file} still holds the last good "
            "build, if there was one.",
            highlight=False,
            soft_wrap=True,
        )
        for failure in _failures(result):
            console.print(f"  {failure}", highlight=False, markup=False, soft_wrap=True)
        console.print(
            f"What the steps printed: {settings.run_output_file}", highlight=False, soft_wrap=True
        )
        return FAILED
    print_outcome(settings, console, warnings=progress.failed_checks)
    unreadable = unreadable_files(settings)
    if unreadable:
        console.print(
            "\n[red]Landing files that could not be read[/red] (left in place, tried again "
            "at every run):",
            highlight=False,
            soft_wrap=True,
        )
        for failed in unreadable:
            console.print(
                f"  {failed.file_name}: {failed.error}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        return PUBLISHED_WITH_UNREADABLE_FILES
    return OK


def _failures(result) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.event_specific_data.error
            while error.cause:
                error = error.cause
            yield f"{event.step_key}: {error.message.strip()}"


def prune_dbt_output(folder: Path, *, keep: int = 5) -> None:
    """Remove what dbt wrote in all but the newest runs: compiled SQL, logs, results."""
    runs = [path for path in folder.iterdir() if path.is_dir()]
    for old in sorted(runs, key=lambda path: path.stat().st_mtime, reverse=True)[keep:]:
        shutil.rmtree(old)


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the company's run lock; the system frees it when the process ends, however it ends.

    Raises:
        RunInProgressError: Somebody else holds it.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise RunInProgressError(
                f"another run is under way ({file.read().strip() or path}): wait for it to end, or "
                "stop that process and run again"
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
