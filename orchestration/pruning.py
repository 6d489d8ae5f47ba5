"""Taking away what old runs left: Dagster's records, logs, models, dbt's output, spilled data.

Belongs here: what is old, and removing it. Does not belong here: landing files, published tables
and anything else that a person would miss; what tables say of old runs (resources/run_record).
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from orchestration.settings import Settings

ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
# So many newest are kept whatever their age: what the UI shows, and what can be gone back to.
KEPT_RUNS = 20
KEPT_VERSIONS = 3
KEPT_DBT_RUNS = 5
SPILL_AGE = timedelta(days=1)
#: Memories of models are named after their day and mind their age themselves (dated_memory).
DATED = "????-??-??.json"


@dataclass(frozen=True)
class Leftover:
    """Something that may go.

    Attributes:
        kind: `run`, `log`, `model`, `dbt` or `spill`.
        name: The run's id, or the path below the company's folder.
        size_bytes: What its files take.
    """

    kind: str
    name: str
    size_bytes: int


def prune_job(settings: Settings) -> dg.JobDefinition:
    """The pruning as a job, for installations where the daemon starts the runs."""

    @dg.op(description="Removes what runs older than STRATA_HISTORY_DAYS left.")
    def prune_history(context: dg.OpExecutionContext) -> None:
        gone = prune(settings, context.instance)
        context.log.info(f"{len(gone)} leftovers, {sum(one.size_bytes for one in gone)} bytes")

    @dg.job(name="prune", description="Removes runs, logs and model versions that are old.")
    def prune_old() -> None:
        prune_history()

    return prune_old


def prune(
    settings: Settings, instance: dg.DagsterInstance, *, dry_run: bool = False
) -> list[Leftover]:
    """Remove what runs older than STRATA_HISTORY_DAYS left.

    Args:
        settings: The company.
        instance: Its Dagster instance.
        dry_run: Only say what would go.

    Returns:
        What went, or would go.
    """
    before = datetime.now(UTC) - timedelta(days=settings.history_days)
    return [
        *_runs(settings, instance, before, dry_run=dry_run),
        *_files(settings, before, dry_run=dry_run),
    ]


def _runs(
    settings: Settings, instance: dg.DagsterInstance, before: datetime, *, dry_run: bool
) -> Iterator[Leftover]:
    """Runs that ended long ago, with their events and what their steps printed."""
    newest = {run.run_id for run in instance.get_runs(limit=KEPT_RUNS)}
    last_good = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)
    newest |= {run.run_id for run in last_good}
    old = instance.get_run_records(dg.RunsFilter(statuses=ENDED, created_before=before))
    for record in old:
        run_id = record.dagster_run.run_id
        if run_id in newest:
            continue
        size = sum(_size(path) for path in _files_of_run(settings, run_id))
        if not dry_run:
            instance.delete_run(run_id)
            # SQLite has written its log of the deletion beside the file meanwhile
            for path in _files_of_run(settings, run_id):
                _remove(path)
        yield Leftover("run", run_id, size)


def _files_of_run(settings: Settings, run_id: str) -> list[Path]:
    return [
        *(settings.dagster_home / "history" / "runs").glob(f"{run_id}.db*"),
        settings.dagster_home / "storage" / run_id,
    ]


def _logs_without_a_file(settings: Settings) -> list[Path]:
    """SQLite's logs of runs whose file is gone, as earlier versions left them."""
    logs = (settings.dagster_home / "history" / "runs").glob("*.db-*")
    return [log for log in logs if not log.with_name(log.name.rpartition("-")[0]).exists()]


def _files(settings: Settings, before: datetime, *, dry_run: bool) -> Iterator[Leftover]:
    # a run may be spilling right now; only a killed one leaves files for a day
    spilled_before = (datetime.now(UTC) - SPILL_AGE).timestamp()
    kinds = {
        "model": _old_models(settings.models_dir, before),
        "dbt": _newest_first(settings.dbt_target_dir.glob("*-*-*/"))[KEPT_DBT_RUNS:],
        "log": _logs_without_a_file(settings),
        "spill": [path for path in settings.temp_dir.iterdir() if _modified(path) < spilled_before],
    }
    for kind, paths in kinds.items():
        for path in list(paths):
            leftover = Leftover(kind, str(path.relative_to(settings.home)), _size(path))
            if not dry_run:
                _remove(path)
            yield leftover


def _old_models(models_dir: Path, before: datetime) -> Iterator[Path]:
    """Files of model versions that are old, not among the newest, and in no memory of a day."""
    for folder in (path for path in models_dir.iterdir() if path.is_dir()):
        dated = set(folder.glob(DATED))
        remembered = "\n".join(path.read_text() for path in dated)
        versions: dict[str, list[Path]] = {}
        for path in folder.iterdir():
            if path.is_file() and path not in dated:
                versions.setdefault(path.stem, []).append(path)
        newest = sorted(
            versions, key=lambda name: max(map(_modified, versions[name])), reverse=True
        )
        for version in newest[KEPT_VERSIONS:]:
            files = versions[version]
            if version not in remembered and max(map(_modified, files)) < before.timestamp():
                yield from files


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=_modified, reverse=True)


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())
    return path.stat().st_size if path.exists() else 0


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
