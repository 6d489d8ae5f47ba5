"""Landing files → raw tables: one step whose assets are generated from the sources' YAML.

Belongs here: the assets and what they report. Does not belong here: reading files (ingestion/).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from pydantic import Field, field_validator

from orchestration.checks.landing import (
    FEED_CHECKS,
    FILE_VOLUMES,
    MAX_SHOWN,
    STRAY_FILES,
    file_volumes_result,
    stray_files_result,
)
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.discover import Discovery, discover, listing_fingerprint
from orchestration.ingestion.load import FeedLoad, load_feed, subjects_first
from orchestration.ingestion.manifest import ensure_tables, next_load_number
from orchestration.micro_batch import DAILY_JOB, MICRO_BATCH, obstacle
from orchestration.privacy.erased import read_erased
from orchestration.privacy.pending import INTERRUPTED_ERASURE, pending
from orchestration.resources.dbt_server import SOCKET_VARIABLE, start_dbt_server
from orchestration.resources.increment import drop_stale_tables, goes_on, last_complete_run
from orchestration.resources.kept_tables import restore_kept_tables
from orchestration.resources.run_record import (
    begin_run,
    forget_old_runs,
    previous_run_id,
    timed_step,
    write_checks,
)
from orchestration.resources.run_record import ensure_tables as ensure_run_tables
from orchestration.resources.run_state import (
    RunState,
    note_begun,
    project_fingerprint,
    read_run_state,
)
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

RUN_TABLES = {
    "run_context": "What the current run computes: its id, the day asked for, business time zone, "
    "currency and churn horizon. One row.",
    "complete_owner": "Which customer each record and device led to when the last complete run "
    "ended. One row per owner.",
    "complete_product": "How products were filed when the last complete run ended. "
    "One row per product.",
    "complete_search_word": "What searched words meant when the last complete run ended. "
    "One row per word.",
    "complete_trait": "Profiles that tags looked at when the last complete run ended, hashed. "
    "One row per customer.",
    "complete_cut_point": "Cut points of the live segment version when the last complete run "
    "ended. One row per snapshot and cut point.",
    "evidence_horizon": "Until when identity has looked at evidence. One row per run.",
    "run_log": "Time and memory of every step of every run. One row per run and step.",
    "dq_result": "What every check of every run found. One row per run and check.",
}
MANIFEST_TABLES = {
    "landing_file": "Every landing file ever seen: content hash, rows, status. "
    "One row per file and content.",
    "rejected_line": "Lines that no reader could make a row of. One row per line.",
}


class RunConfig(dg.Config):
    """What a run computes."""

    as_of: str | None = Field(
        default=None,
        description="Business date (YYYY-MM-DD) to compute everything as of; "
        "default: STRATA_AS_OF, else the date of the newest fact.",
    )

    @field_validator("as_of")
    @classmethod
    def _is_date(cls, text: str | None) -> str | None:
        if text is not None:
            date.fromisoformat(text)
        return text


def run_table_key(table: str) -> dg.AssetKey:
    """Key of one of RUN_TABLES."""
    return dg.AssetKey(["ops", table])


def landing_key(contract: FeedContract) -> dg.AssetKey:
    """Key of the folder that a feed's files arrive in."""
    return dg.AssetKey(["landing", contract.source, contract.feed])


def raw_key(contract: FeedContract) -> dg.AssetKey:
    """Key of the raw table that a feed's rows are loaded into."""
    return dg.AssetKey(["raw", contract.source, contract.feed])


def landing_specs(contracts: Sequence[FeedContract]) -> list[dg.AssetSpec]:
    """The folders that files arrive in; nobody here makes them, so they are external assets."""
    return [
        dg.AssetSpec(
            landing_key(contract),
            group_name="landing",
            kinds={"file"},
            description=f"Files under landing/{contract.source}/{contract.feed}/, "
            f"as agreed in {contract.yaml_file.name}.",
        )
        for contract in contracts
    ]


def ingest_assets(
    contracts: Sequence[FeedContract], manifest: Path, settings: Settings
) -> dg.AssetsDefinition:
    """Start the run and load every feed; a file or feed that fails stops no other.

    One step, because all models read what it writes: several steps would make Dagster call dbt
    several times.
    """

    @dg.multi_asset(
        name="ingest",
        specs=[*_run_specs(), *_raw_specs(contracts), *_manifest_specs(contracts)],
        check_specs=[
            STRAY_FILES,
            FILE_VOLUMES,
            *(check.spec(raw_key(contract)) for contract in contracts for check in FEED_CHECKS),
        ],
        pool="duckdb_writer",
    )
    def ingest(
        context: dg.AssetExecutionContext, config: RunConfig, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult]:
        if pending(settings.home):
            raise dg.Failure(INTERRUPTED_ERASURE, allow_retries=False)
        as_of = date.fromisoformat(config.as_of) if config.as_of else settings.as_of
        parsed = json.loads(manifest.read_text())
        discovery = discover(settings.landing_dir, contracts)
        state = RunState(
            run_id=context.run_id,
            landing=listing_fingerprint(discovery),
            project=project_fingerprint(parsed, settings.compiled_into_models),
            as_of=str(as_of) if as_of else None,
        )
        if context.run.job_name == MICRO_BATCH:
            _refuse_unless_possible(state, settings)
        note_begun(settings, state)
        if SOCKET_VARIABLE not in os.environ and context.run.job_name in (DAILY_JOB, MICRO_BATCH):
            # a run of the daemon, in a process of its own; `strata run` has started one already
            start_dbt_server(settings, settings.run_output_file)
        # open to the end, so that no source opens it three times
        with warehouse.connect() as connection:
            rebuilt = _begin(connection, context.run_id, as_of, parsed, state.project, settings)
            restored = restore_kept_tables(connection, parsed, settings.published_file)
            ensure_tables(connection, contracts)
            load_number = next_load_number(connection)
            for name, count in restored.items():
                context.log.info(f"{name}: {count:,} rows taken from {settings.published_file}")
            for table in RUN_TABLES:
                yield dg.MaterializeResult(
                    asset_key=run_table_key(table),
                    metadata={"built_whole": rebuilt} if table == "run_context" and rebuilt else {},
                )
            for source, feeds in groupby(contracts, lambda contract: contract.source):
                yield from _ingest_source(
                    context, warehouse, settings, source, list(feeds), discovery, load_number
                )
            yield from _report_manifest(context, connection, discovery, load_number)

    return ingest


def _refuse_unless_possible(state: RunState, settings: Settings) -> None:
    before = read_run_state(settings)
    if before and before.run_id == state.run_id:
        # a second attempt at this step
        return
    reason = obstacle(before, project=state.project, as_of=state.as_of)
    if reason:
        raise dg.Failure(
            f"a micro-batch cannot go on from the last run: {reason}. Run the daily job.",
            allow_retries=False,
        )


def _begin(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    as_of: date | None,
    manifest: Mapping[str, Any],
    project: str,
    settings: Settings,
) -> dict[str, str]:
    """Begin the run; returns the tables that have to be built whole, with the reason."""
    ensure_run_tables(connection)
    complete = last_complete_run(connection)
    previous = previous_run_id(connection)
    rebuilt = drop_stale_tables(
        connection,
        manifest,
        settings.compiled_into_models,
        previous_run_complete=previous == complete.run_id,
    )
    begin_run(
        connection,
        run_id,
        as_of,
        settings,
        complete,
        goes_on=goes_on(complete, previous, project),
    )
    forget_old_runs(connection, settings.history_days)
    return rebuilt


def _ingest_source(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    settings: Settings,
    source: str,
    contracts: list[FeedContract],
    discovery: Discovery,
    load_number: int,
) -> Iterator[dg.MaterializeResult]:
    with timed_step(warehouse, context.run_id, f"ingest_{source}") as step:
        with warehouse.connect() as connection:
            loads = {
                raw_key(contract): load_feed(
                    connection,
                    contract,
                    settings.landing_dir,
                    context.run_id,
                    load_number=load_number,
                    temp_dir=settings.temp_dir,
                    files=discovery.files[(contract.source, contract.feed)],
                    erased=read_erased(settings.home, settings.hash_key_bytes),
                )
                for contract in subjects_first(contracts)
            }
        step.rows = sum(load.rows_loaded for load in loads.values())
    outcomes = []
    for key, load in loads.items():
        checked = [check.evaluate(key, load) for check in FEED_CHECKS]
        outcomes += [outcome for _, outcome in checked]
        for failed in load.with_status("failed"):
            context.log.error(f"{failed.file_name}: {failed.error}")
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=_metadata(load),
            check_results=[result for result, _ in checked],
        )
    with warehouse.connect() as connection:
        write_checks(connection, context.run_id, outcomes)


def _report_manifest(
    context: dg.AssetExecutionContext,
    connection: duckdb.DuckDBPyConnection,
    discovery: Discovery,
    load_number: int,
) -> Iterator[dg.MaterializeResult]:
    stray_result, outcome = stray_files_result(discovery.strays)
    volumes_result, volumes_outcome = file_volumes_result(connection, load_number)
    write_checks(connection, context.run_id, [outcome, volumes_outcome])
    counts = {
        table: connection.execute(f"select count(*) from raw.{table}").fetchone()  # noqa: S608
        for table in ("landing_file", "rejected_line")
    }
    for table, (rows,) in counts.items():
        yield dg.MaterializeResult(
            asset_key=["raw", table],
            metadata={"dagster/row_count": rows},
            check_results=[stray_result, volumes_result] if table == "landing_file" else [],
        )


def _run_specs() -> Iterator[dg.AssetSpec]:
    for table, description in RUN_TABLES.items():
        yield dg.AssetSpec(
            run_table_key(table), group_name="ops", kinds={"duckdb"}, description=description
        )


def _raw_specs(contracts: Sequence[FeedContract]) -> Iterator[dg.AssetSpec]:
    for contract in contracts:
        yield dg.AssetSpec(
            raw_key(contract),
            deps=[landing_key(contract)],
            group_name="raw",
            kinds={"duckdb"},
            description=f"Rows of landing/{contract.source}/{contract.feed}/ as text, as they "
            "came. One row per landed row.",
        )


def _manifest_specs(contracts: Sequence[FeedContract]) -> Iterator[dg.AssetSpec]:
    for table, description in MANIFEST_TABLES.items():
        yield dg.AssetSpec(
            ["raw", table],
            deps=[landing_key(contract) for contract in contracts],
            group_name="raw",
            kinds={"duckdb"},
            description=description,
        )


def _metadata(load: FeedLoad) -> dict[str, dg.MetadataValue | int | float]:
    changed = [outcome for outcome in load.files if outcome.status != "unchanged"]
    table = [
        dg.TableRecord(
            {
                "file": outcome.file_name,
                "status": outcome.status,
                "read": outcome.rows_read,
                "loaded": outcome.rows_loaded,
                "rejected": outcome.rows_rejected,
                "error": outcome.error or "",
            }
        )
        for outcome in changed[:MAX_SHOWN]
    ]
    return {
        "dagster/row_count": load.rows_loaded,
        "files": len(load.files),
        "changed_files": len(changed),
        "seconds": round(load.seconds, 3),
        **({"what_changed": dg.MetadataValue.table(table)} if table else {}),
    }
