"""Who is who: source records and identifiers in, the crosswalk to persistent customers out.

Belongs here: reading the inputs and the previous ids, writing the result, its metrics.
Does not belong here: any rule of matching (analysis/identity/).
"""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa

from orchestration.checks.identity import IDENTITY_CHECKS
from orchestration.publishing.pseudonyms import private_sources, restore_record_ids
from orchestration.publishing.reader import published_table
from orchestration.resources.run_record import note_evidence, timed_step, write_checks
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.settings import Settings
from orchestration.sql import qualified, quote

TABLES = {
    "id_map": "Every identifier and the customer it belongs to. One row per id_type, id_scope and "
    "id_value.",
    "id_edge": "Why two source records are one customer. One row per linked pair and rule.",
    "id_edge_blocked": "Evidence that was not used, and why. One row per value or pair.",
    "id_history": "Births, merges, splits and retirements of customer ids, append-only. "
    "One row per event.",
    "record_former_id": "Ids that records have left, so that a split can give them back. "
    "One row per record and id.",
}
PREVIOUS = {
    "previous_map": "id_map",
    "previous_history": "id_history",
    "previous_former_ids": "record_former_id",
}
INPUTS = {
    "records": "intermediate.int_identity__records",
    "identifiers": "intermediate.int_identity__identifiers",
    "overrides": "reference.identity_overrides",
    "as_of": "intermediate.int_run__as_of",
    "evidence": "intermediate.int_identity__evidence_until",
}


def identity_assets(manifest: Path, settings: Settings) -> dg.AssetsDefinition:
    """OneID as one step that writes five tables in one transaction."""
    private = private_sources(json.loads(manifest.read_text()))

    @dg.multi_asset(
        name="identity",
        specs=[
            dg.AssetSpec(
                ["identity", table],
                deps=[dg.AssetKey(name.split(".")) for name in INPUTS.values()],
                group_name="identity",
                kinds={"python", "duckdb"},
                description=description,
            )
            for table, description in TABLES.items()
        ],
        check_specs=[check.spec for check in IDENTITY_CHECKS],
        pool="duckdb_writer",
    )
    def identity(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult]:
        from orchestration.analysis.identity.resolve import resolve

        with timed_step(warehouse, context.run_id, "identity") as step:
            inputs = _read_inputs(warehouse)
            previous = _previous_ids(warehouse, settings, inputs["records"], private)
            resolution = resolve(
                inputs["records"],
                inputs["identifiers"],
                **previous,
                overrides=inputs["overrides"],
                run_id=context.run_id,
                as_of_date=inputs["as_of"]["as_of_date"][0].as_py(),
                hash_key=settings.hash_key_bytes,
            )
            step.rows = warehouse.replace_tables(
                {f"identity.{table}": getattr(resolution, table) for table in TABLES}
            )
            with warehouse.connect() as connection:
                note_evidence(connection, context.run_id, inputs["evidence"]["until_at"][0].as_py())
        checked = [
            check.evaluate(inputs["records"], inputs["identifiers"], resolution.id_map)
            for check in IDENTITY_CHECKS
        ]
        with warehouse.connect() as connection:
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
        for table in TABLES:
            is_crosswalk = table == "id_map"
            yield dg.MaterializeResult(
                asset_key=["identity", table],
                metadata={
                    "dagster/row_count": getattr(resolution, table).num_rows,
                    **(resolution.metrics if is_crosswalk else {}),
                },
                check_results=[result for result, _ in checked] if is_crosswalk else [],
            )

    return identity


def _read_inputs(warehouse: Warehouse) -> dict[str, pa.Table]:
    with warehouse.connect() as connection:
        return {
            name: connection.execute(f"from {qualified(table)}").to_arrow_table()
            for name, table in INPUTS.items()
        }


def _previous_ids(
    warehouse: Warehouse, settings: Settings, records: pa.Table, private: tuple[str, ...]
) -> dict[str, pa.Table | None]:
    """The ids of the last run: from the build file, or from the published one if that was lost."""
    with warehouse.connect() as build:
        if table_exists(build, "identity.id_map"):
            return {
                argument: build.execute(f"from identity.{quote(table)}").to_arrow_table()
                for argument, table in PREVIOUS.items()
            }
    previous = {
        argument: published_table(settings.published_file, table)
        for argument, table in PREVIOUS.items()
    }
    if any(table is None for table in previous.values()):
        return previous
    return restore_record_ids(previous, records, private, settings.hash_key_bytes)
