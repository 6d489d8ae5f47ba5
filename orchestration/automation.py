"""When things run: the jobs, the schedules and the sensors.

Belongs here: jobs, schedules, sensors. Does not belong here: what an asset does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from orchestration.alerts import alert_of, errors_of, send
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.discover import discover, is_stable, listing_fingerprint
from orchestration.instance import COMMAND_TAG
from orchestration.micro_batch import DAILY_JOB, MICRO_BATCH, micro_batch_selection, obstacle
from orchestration.reaper import GONE, reap
from orchestration.resources.run_state import project_fingerprint, read_run_state
from orchestration.settings import Settings

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# What the launchpad shows to be edited: with a date, the job computes everything as of that day.
AS_OF_NEWEST_FACT = {"ops": {"ingest": {"config": {"as_of": None}}}}
# A run counts as complete only when ingestion was its own, so a crashed one is not gone on with.
WHOLE_RETRY = {"dagster/retry_strategy": "ALL_STEPS"}
# After a micro-batch that broke off a daily run is due, which the sensor starts.
NO_RETRY = {"dagster/max_retries": "0"}


def daily_job() -> dg.UnresolvedAssetJobDefinition:
    """Everything from the landing folder to the published file."""
    return dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.all(),
        config=AS_OF_NEWEST_FACT,
        tags=WHOLE_RETRY,
        description="Landing files in, one checked and published customer warehouse out.",
    )


def micro_batch_job(manifest: Path) -> dg.UnresolvedAssetJobDefinition:
    """New landing files through to tags, audiences and the published file, without learning."""
    return dg.define_asset_job(
        MICRO_BATCH,
        selection=micro_batch_selection(json.loads(manifest.read_text())),
        tags=NO_RETRY,
        description="New landing files in; customers, segments, tags and audiences of now out. "
        "Models are not learnt and recommendations, demand and effects stay as the last daily run "
        "left them.",
    )


def prune_schedule(settings: Settings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """The pruning on Sunday mornings."""
    return dg.ScheduleDefinition(
        name="prune_schedule",
        job=job,
        cron_schedule="0 5 * * 0",
        execution_timezone=settings.timezone,
        default_status=_schedule_status(settings),
    )


def daily_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The daily job at STRATA_SCHEDULE_CRON in the business time zone."""
    return dg.ScheduleDefinition(
        name="daily_schedule",
        job_name=DAILY_JOB,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.timezone,
        default_status=_schedule_status(settings),
    )


def landing_sensor(
    contracts: Sequence[FeedContract],
    manifest: Path,
    settings: Settings,
    jobs: Sequence[dg.UnresolvedAssetJobDefinition],
) -> dg.SensorDefinition:
    """Start a run when landing files came or changed and have come to rest.

    That is a micro-batch where one may go on from the last run, else the daily job. The run key is
    a fingerprint of the folder's listing, so one state of the folder starts one run however often
    the sensor looks, and none while another run is on its way; loading a file twice is prevented by
    the manifest, not here.
    """

    @dg.sensor(
        name="landing_sensor",
        jobs=jobs,
        minimum_interval_seconds=settings.landing_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING
        if settings.automation
        else dg.DefaultSensorStatus.STOPPED,
        description="Starts a run when new landing files have come to rest.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        discovery = discover(settings.landing_dir, contracts)
        paths = [file.path for files in discovery.files.values() for file in files]
        if not paths:
            return dg.SkipReason(f"no files under {settings.landing_dir}")
        if not all(is_stable(path, settings.landing_stable_seconds) for path in paths):
            return dg.SkipReason("a landing file is still being written")
        listing = listing_fingerprint(discovery)
        state = read_run_state(settings)
        if state and state.complete and state.landing == listing:
            return dg.SkipReason("the last run loaded all there is")
        if context.instance.get_runs_count(dg.RunsFilter(statuses=UNDER_WAY)):
            return dg.SkipReason("a run is under way; what came meanwhile is loaded after it")
        if settings.landing_runs == DAILY_JOB:
            return dg.RunRequest(run_key=f"{listing}:{DAILY_JOB}", job_name=DAILY_JOB)
        project = project_fingerprint(
            json.loads(manifest.read_text()), settings.compiled_into_models
        )
        as_of = str(settings.as_of) if settings.as_of else None
        reason = obstacle(state, project=project, as_of=as_of)
        context.log.info(f"daily job: {reason}" if reason else "micro-batch")
        job = DAILY_JOB if reason else MICRO_BATCH
        # the job is part of the key, so that a daily run can follow a micro-batch that broke off
        return dg.RunRequest(run_key=f"{listing}:{job}", job_name=job)

    return watch


def failure_sensor(
    settings: Settings, jobs: Sequence[dg.UnresolvedAssetJobDefinition]
) -> dg.SensorDefinition:
    """Tell people of a failed run, where STRATA_ALERT_WEBHOOK or STRATA_ALERT_EMAIL say so.

    A run whose process died fails too, as soon as the daemon notices.
    """

    @dg.run_failure_sensor(
        name="failure_sensor",
        monitored_jobs=list(jobs),
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING
        if settings.automation or settings.wants_alerts
        else dg.DefaultSensorStatus.STOPPED,
        description="Posts or mails failed runs without personal data.",
    )
    def tell(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        run = context.dagster_run
        if COMMAND_TAG in run.tags:
            return dg.SkipReason("`strata run` told of it")
        if not settings.wants_alerts:
            return dg.SkipReason("neither STRATA_ALERT_WEBHOOK nor STRATA_ALERT_EMAIL is set")
        errors = errors_of(context.instance, run)
        send(alert_of(settings, run.job_name, run.run_id, errors), settings)
        return None

    return tell


def dead_run_sensor(settings: Settings) -> dg.SensorDefinition:
    """End runs whose process died, so that they keep no other waiting; the daemon tries them again.

    Who began a run notices when its process dies, unless both did, as when the power goes.
    Dagster's monitoring knows nothing of processes and ends such a run after three hours.
    """

    @dg.sensor(
        name="dead_run_sensor",
        minimum_interval_seconds=15,
        # always on: it starts nothing, and a run that somebody starts by hand may die, too
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs as failed whose process has ended before them.",
    )
    def end(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = reap(context.instance, settings.run_lock_file)
        if not dead:
            return dg.SkipReason("every run that counts as under way has its process")
        for run in dead:
            # of the others failure_sensor tells; a command that was killed can tell of nothing
            if COMMAND_TAG in run.tags and settings.wants_alerts:
                send(alert_of(settings, run.job_name, run.run_id, {}), settings)
        return dg.SkipReason(f"{', '.join(run.run_id for run in dead)}: {GONE}")

    return end


def _schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    statuses = dg.DefaultScheduleStatus
    return statuses.RUNNING if settings.automation else statuses.STOPPED
