"""Landing files → raw tables: one asset per feed, generated from the sources' YAML.

Belongs here: the assets and what they report. Does not belong here: reading files (ingestion/).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

import dagster as dg
from pydantic import Field

from orchestration.checks.landing import FEED_CHECKS
from orchestration.ingestion.contracts import FeedContract
from orchestration.ingestion.load import FeedLoad, load_feed
from orchestration.ingestion.manifest import ensure_tables, next_load_number
from orchestration.resources.run_record import ensure_tables as ensure_ops_tables
from orchestration.resources.run_record import timed_step, utc_now, write_checks
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

RUN_CONTEXT = dg.AssetKey(["ops", "run_context"])
LANDING_FILE = dg.AssetKey(["raw", "landing_file"])
REJECTED_LINE = dg.AssetKey(["raw", "rejected_line"])


class RunContextConfig(dg.Config):
    """What a run computes."""

    as_of: str | None = Field(
        default=None,
        description="Business date (YYYY-MM-DD) to compute everything as of; "
        "default: STRATA_AS_OF, else the date of the newest fact.",
    )


def landing_key(contract: FeedContract) -> dg.AssetKey:
    """Key of the folder that a feed's files arrive in."""
    return dg.AssetKey(["landing", contract.source, contract.feed])


def raw_key(contract: FeedContract) -> dg.AssetKey:
    """Key of the raw table that a feed's rows are loaded into."""
    return dg.AssetKey(["raw", contract.source, contract.feed])


def landing_specs(contracts: list[FeedContract]) -> list[dg.AssetSpec]:
    """The folders that files arrive in; nobody here makes them, so they are external assets."""
    return [
        dg.AssetSpec(
            landing_key(contract),
            group_name="landing",
            kinds={"file"},
            description=f"Files under landing/{contract.source}/{contract.feed}/. "
            f"{contract.description}",
        )
        for contract in contracts
    ]


def run_context_asset(settings: Settings) -> dg.AssetsDefinition:
    """The one row that tells the models which run this is and which day it computes."""

    @dg.asset(
        key=RUN_CONTEXT,
        group_name="raw",
        kinds={"duckdb"},
        pool="duckdb_writer",
        description="What the current run computes: its id, the day asked for, business time zone, "
        "currency and churn horizon. One row.",
    )
    def run_context(
        context: dg.AssetExecutionContext, config: RunContextConfig, warehouse: Warehouse
    ) -> dg.MaterializeResult:
        as_of = date.fromisoformat(config.as_of) if config.as_of else settings.as_of
        with warehouse.connect() as connection:
            connection.begin()
            ensure_ops_tables(connection)
            connection.execute("delete from ops.run_context")
            connection.execute(
                "insert into ops.run_context values (?, ?, ?, ?, ?, ?)",
                [
                    context.run_id,
                    as_of,
                    utc_now(),
                    settings.timezone,
                    settings.currency,
                    settings.churn_horizon_days,
                ],
            )
            connection.commit()
        return dg.MaterializeResult(
            metadata={"dagster/row_count": 1, "requested_as_of": str(as_of or "newest fact")}
        )

    return run_context


def ingest_assets(contracts: list[FeedContract], settings: Settings) -> list[dg.AssetsDefinition]:
    """One step per source, which loads every feed of it; a feed that fails stops no other."""
    by_source = groupby(sorted(contracts, key=lambda c: (c.source, c.feed)), lambda c: c.source)
    return [_ingest_source(source, list(feeds), settings) for source, feeds in by_source]


def _ingest_source(
    source: str, contracts: list[FeedContract], settings: Settings
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"ingest_{source}",
        specs=[
            dg.AssetSpec(
                raw_key(contract),
                deps=[landing_key(contract), RUN_CONTEXT],
                group_name="raw",
                kinds={"duckdb"},
                description=contract.description,
            )
            for contract in contracts
        ],
        check_specs=[
            check.spec(raw_key(contract)) for contract in contracts for check in FEED_CHECKS
        ],
        pool="duckdb_writer",
        can_subset=True,
    )
    def ingest(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult]:
        selected = [c for c in contracts if raw_key(c) in context.selected_asset_keys]
        loads: list[tuple[FeedContract, FeedLoad]] = []
        with timed_step(warehouse, context.run_id, f"ingest_{source}") as step:
            with warehouse.connect() as connection:
                ensure_tables(connection, selected)
                number = next_load_number(connection, context.run_id)
                for contract in selected:
                    load = load_feed(
                        connection,
                        contract,
                        settings.landing_dir,
                        run_id=context.run_id,
                        load_number=number,
                        loaded_at=utc_now(),
                        temp_dir=settings.temp_dir,
                    )
                    loads.append((contract, load))
            step.rows = sum(load.rows_loaded for _, load in loads)
        outcomes = []
        for contract, load in loads:
            results = [check.evaluate(raw_key(contract), load) for check in FEED_CHECKS]
            outcomes += [outcome for _, outcome in results]
            for failed in load.failed:
                context.log.error(f"{failed.file_name}: {failed.error}")
            yield dg.MaterializeResult(
                asset_key=raw_key(contract),
                metadata=_metadata(load),
                check_results=[result for result, _ in results],
            )
        with warehouse.connect() as connection:
            write_checks(connection, context.run_id, outcomes)

    return ingest


def _metadata(load: FeedLoad) -> dict[str, dg.MetadataValue | int | float]:
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
        for outcome in load.files
        if outcome.status != "unchanged"
    ][:200]
    return {
        "dagster/row_count": load.rows_loaded,
        "files": len(load.files),
        "seconds": round(load.seconds, 3),
        **({"new_files": dg.MetadataValue.table(table)} if table else {}),
    }


def landing_manifest_asset(contracts: list[FeedContract]) -> dg.AssetsDefinition:
    """What was landed, file by file, once every feed has been looked at."""

    @dg.multi_asset(
        name="landing_manifest",
        specs=[
            dg.AssetSpec(
                key,
                deps=[raw_key(contract) for contract in contracts],
                group_name="raw",
                kinds={"duckdb"},
                description=description,
            )
            for key, description in {
                LANDING_FILE: "Every landing file ever seen: content hash, rows, status. "
                "One row per file and content.",
                REJECTED_LINE: "Lines that no reader could make a row of. One row per line.",
            }.items()
        ],
    )
    def landing_manifest(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
        with warehouse.connect() as connection:
            for key, sql in (
                (LANDING_FILE, "select count(*) from raw.landing_file"),
                (REJECTED_LINE, "select count(*) from raw.rejected_line"),
            ):
                rows = connection.execute(sql).fetchone()[0]
                yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})

    return landing_manifest
