"""One run of a job in this process, with a progress display and a summary.

Belongs here: what `strata run` does around Dagster: the instance, the display, the exit status.
Does not belong here: the job itself (definitions) or its display (progress).
"""

from __future__ import annotations

import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console

from orchestration.alerts import Alert, AlertNotSentError, alert_before_run, alert_of, send
from orchestration.conditions.problems import VocabularyError
from orchestration.obstacles import obstacle_of
from orchestration.privacy.pending import INTERRUPTED_ERASURE, pending
from orchestration.run_console import RunConsole
from orchestration.run_lock import RunInProgressError, run_lock
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR, STAGING_DIR, Settings
from orchestration.tags import ensure_tags

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

OK = 0
FAILED = 1
PUBLISHED_WITH_UNREADABLE_FILES = 3


def run_here(
    settings: Settings, as_of: date | None, console: Console | None = None, *, micro: bool = False
) -> int:
    """Run the daily job, or a micro-batch, and print what happened.

    Args:
        settings: The company.
        as_of: Business date to compute everything as of; None for that of the newest fact.
        console: Where to print; default: the terminal.
        micro: Leave out what a micro-batch leaves, if one can go on from the last run.

    Returns:
        0 when everything was checked and published; 1 when nothing was published; 3 when it was
        published but a landing file could not be read.
    """
    # bound to the terminal now: while the steps run, what they print goes to a file
    console = console or RunConsole(file=sys.stdout)
    try:
        settings.make_dirs()
        with run_lock(settings.run_lock_file):
            if pending(settings.home):
                raise RunInProgressError(INTERRUPTED_ERASURE)
            return _run(settings, as_of, console, micro=micro)
    except RunInProgressError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return FAILED
    except VocabularyError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        _tell(settings, alert_before_run(settings, error), console)
        return FAILED
    except Exception as error:
        obstacle = obstacle_of(error, settings)
        if obstacle is None:
            raise
        console.print(obstacle, style="red", markup=False, highlight=False, soft_wrap=True)
        return FAILED


def _run(settings: Settings, as_of: date | None, console: Console, *, micro: bool) -> int:
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
    result, progress = _execute(settings, as_of, console, micro=micro)
    return _conclude(settings, result, progress, console)


def _execute(settings: Settings, as_of: date | None, console: Console, *, micro: bool):
    warnings.filterwarnings("ignore", module="dagster.*")
    from orchestration.definitions import build_defs
    from orchestration.instance import COMMAND_TAG, company_instance
    from orchestration.micro_batch import DAILY_JOB, MICRO_BATCH
    from orchestration.progress import ProgressHandler
    from orchestration.pruning import prune
    from orchestration.reaper import reap
    from orchestration.resources.dbt_server import dbt_server

    settings.run_output_file.write_text("")
    name = MICRO_BATCH if micro and _may_be_micro(settings, as_of, console) else DAILY_JOB
    job = build_defs(settings=settings).resolve_job_def(name)
    with (
        dbt_server(settings, settings.run_output_file),
        company_instance(settings) as instance,
        ProgressHandler(console) as progress,
        settings.run_output_file.open("a") as output,
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        for run in reap(instance, lock_file=None):
            _tell(settings, alert_of(settings, run.job_name, run.run_id, {}), console)
        result = job.execute_in_process(
            instance=instance,
            tags={COMMAND_TAG: "run"},
            raise_on_error=False,
            run_config={
                "ops": {"ingest": {"config": {"as_of": str(as_of) if as_of else None}}},
                "loggers": {"progress": {}},
            },
        )
        prune(settings, instance)
    return result, progress


def _may_be_micro(settings: Settings, as_of: date | None, console: Console) -> bool:
    import json

    from orchestration.micro_batch import obstacle
    from orchestration.resources.dbt import ensure_manifest
    from orchestration.resources.run_state import project_fingerprint, read_run_state

    manifest = json.loads(ensure_manifest(settings).read_text())
    day = as_of or settings.as_of
    reason = obstacle(
        read_run_state(settings),
        project=project_fingerprint(manifest, settings.compiled_into_models),
        as_of=str(day) if day else None,
    )
    if reason:
        console.print(
            f"The daily job instead of a micro-batch: {reason}.", highlight=False, soft_wrap=True
        )
    return reason is None


def _conclude(settings: Settings, result, progress, console: Console) -> int:
    from orchestration.status import BuildFileNotReadError, print_outcome, unreadable_files

    if not result.success:
        console.print(
            f"\n[red]Not published.[/red] {settings.published_file} still holds the last good "
            "build, if there was one.",
            highlight=False,
            soft_wrap=True,
        )
        errors = _errors(result)
        for step, error in errors.items():
            console.print(
                f"  {step}: {_innermost(error).message.strip()}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        run = result.dagster_run
        alert = alert_of(settings, run.job_name, run.run_id, errors)
        console.print(f"What to do: {alert.remedy}", highlight=False, markup=False, soft_wrap=True)
        _tell(settings, alert, console)
        console.print(
            f"What the steps printed: {settings.run_output_file}", highlight=False, soft_wrap=True
        )
        return FAILED
    print_outcome(settings, console, warnings=progress.failed_checks)
    try:
        unreadable = unreadable_files(settings)
    except BuildFileNotReadError as error:
        # whoever took the file right behind the last step: what was published stays published
        console.print(str(error), style="yellow", markup=False, highlight=False, soft_wrap=True)
        return OK
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


def _errors(result) -> dict[str, SerializableErrorInfo]:
    """What the failed steps ended with, in the order in which they failed."""
    return {
        event.step_key: event.event_specific_data.error
        for event in result.all_events
        if event.is_step_failure
    }


def _innermost(error: SerializableErrorInfo) -> SerializableErrorInfo:
    while error.cause:
        error = error.cause
    return error


def _tell(settings: Settings, alert: Alert, console: Console) -> None:
    """Send an alert if anybody wants it; that it cannot be sent is no reason to fail otherwise."""
    if not settings.wants_alerts:
        return
    try:
        console.print(f"Alert sent by {' and '.join(send(alert, settings))}.", highlight=False)
    except AlertNotSentError as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
