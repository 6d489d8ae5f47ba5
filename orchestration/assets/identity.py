"""Who is who: source records and identifiers in, the crosswalk to persistent customers out.

Belongs here: reading the inputs and the previous ids, writing the result, its metrics.
Does not belong here: any rule of matching (analysis/identity/).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pyarrow as pa

from orchestration.checks.identity import IDENTITY_CHECKS
from orchestration.micro_batch import forget_gone_customers
from orchestration.publishing.pseudonyms import private_sources, restore_record_ids
from orchestration.publishing.reader import published_table
from orchestration.resources.run_record import note_evidence, timed_step, write_checks
from orchestration.resources.warehouse import Warehouse, table_exists
from orchestration.settings import Settings
from orchestration.sql import qualified, quote
from orchestration.truth import read_truth

if TYPE_CHECKING:
    from orchestration.analysis.identity.matching.linking import MatchState
    from orchestration.analysis.identity.resolve import Resolution

TABLES = {
    "id_map": "Every identifier and the customer it belongs to. One row per id_type, id_scope and "
    "id_value.",
    "id_edge": "Why two source records are one customer. One row per linked pair and rule.",
    "id_edge_blocked": "Evidence that was not used, and why. One row per value or pair.",
    "id_history": "Births, merges, splits and retirements of customer ids, append-only. "
    "One row per event.",
    "record_former_id": "Ids that records have left, so that a split can give them back. "
    "One row per record and id.",
    "customer_redirect": "Where every id ever handed out leads now. One row per customer_id.",
    "customer_household": "Who lives together. One row per customer_id.",
    "id_quality": "What was measured of this crosswalk, with thresholds. One row per check.",
    "id_accuracy": "Precision and recall against a truth file, when one was given. One row per "
    "resolution and threshold.",
    "id_model": "What the matching model learnt. One row per comparison and level.",
    "id_blocking_rule": "Which pairs the matching model compared. One row per blocking rule.",
}
PREVIOUS = {
    "previous_map": "id_map",
    "previous_history": "id_history",
    "previous_former_ids": "record_former_id",
    "previous_households": "customer_household",
    "previous_quality": "id_quality",
}
INPUTS = {
    "records": "intermediate.int_identity__records",
    "identifiers": "intermediate.int_identity__identifiers",
    "overrides": "reference.identity_overrides",
    "as_of": "intermediate.int_run__as_of",
    "evidence": "intermediate.int_identity__evidence_until",
}
# Comparisons of unchanged records, kept in the build file; a run without them compares everything.
MATCH_STATE = {
    "rules": "identity.id_blocking_rule",
    "prints": "identity.match_print",
    "vectors": "identity.match_vector",
}


def identity_assets(manifest: Path, settings: Settings) -> dg.AssetsDefinition:
    """OneID as one step that writes its tables in one transaction."""
    parsed = json.loads(manifest.read_text())
    private = private_sources(parsed)

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
        from orchestration.analysis.identity.matching.model import save_match_model

        with timed_step(warehouse, context.run_id, "identity") as step:
            with warehouse.connect() as connection:
                inputs = read_inputs(connection)
                matches = read_match_state(connection) if settings.matching else None
            previous = _previous_tables(warehouse, settings, inputs["records"], private)
            resolution, tables = identify(inputs, previous, matches, settings, context.run_id)
            step.rows = warehouse.replace_tables(
                {f"identity.{name}": table for name, table in tables.items()}
            )
            with warehouse.connect() as connection:
                note_evidence(connection, context.run_id, inputs["evidence"]["until_at"][0].as_py())
                forget_gone_customers(connection, parsed)
        model_path = resolution.match_report and save_match_model(
            resolution.match_report, settings.models_dir, context.run_id
        )
        measured = {row["check_name"]: row for row in tables["id_quality"].to_pylist()}
        checked = [check.result(measured[check.name]) for check in IDENTITY_CHECKS]
        with warehouse.connect() as connection:
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
        for table in TABLES:
            is_crosswalk = table == "id_map"
            yield dg.MaterializeResult(
                asset_key=["identity", table],
                metadata={
                    "dagster/row_count": tables[table].num_rows,
                    **(resolution.metrics if is_crosswalk else {}),
                    **(_model_metadata(resolution, model_path) if table == "id_model" else {}),
                },
                check_results=[result for result, _ in checked] if is_crosswalk else [],
            )

    return identity


def read_inputs(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """The tables of INPUTS by name."""
    return {
        name: connection.execute(f"from {qualified(table)}").to_arrow_table()
        for name, table in INPUTS.items()
    }


def read_match_state(connection: duckdb.DuckDBPyConnection) -> "MatchState | None":
    """The comparisons that the last run left; None when it left none."""
    from orchestration.analysis.identity.matching.linking import MatchState

    if not all(table_exists(connection, name) for name in MATCH_STATE.values()):
        return None
    return MatchState(
        **{
            part: connection.execute(f"from {qualified(name)}").to_arrow_table()
            for part, name in MATCH_STATE.items()
        }
    )


def identify(
    inputs: Mapping[str, pa.Table],
    previous: Mapping[str, pa.Table | None],
    matches: "MatchState | None",
    settings: Settings,
    run_id: str,
) -> "tuple[Resolution, dict[str, pa.Table]]":
    """Everything that the step writes, without the warehouse it is read from and written to.

    Args:
        inputs: Tables under the names of INPUTS.
        previous: Tables of the last run under the names of PREVIOUS; None for one it did not have.
        matches: Comparisons of the last run; None compares everything.
        settings: Whether records are matched, the seed, the hash key, the truth file.
        run_id: Name of this run.

    Returns:
        The resolution, and the tables of the schema `identity` by name.
    """
    from orchestration.analysis.identity.config import IdentityConfig, MatchingConfig
    from orchestration.analysis.identity.quality import measure_quality
    from orchestration.analysis.identity.resolve import resolve

    carried = {name: table for name, table in previous.items() if name != "previous_quality"}
    matching = MatchingConfig(seed=settings.seed) if settings.matching else None
    resolution = resolve(
        inputs["records"],
        inputs["identifiers"],
        **carried,
        previous_matches=matches,
        overrides=inputs["overrides"],
        run_id=run_id,
        as_of_date=inputs["as_of"]["as_of_date"][0].as_py(),
        config=IdentityConfig(matching=matching),
        hash_key=settings.hash_key_bytes,
        limits=Warehouse.of(settings).limits,
    )
    quality = measure_quality(
        IDENTITY_CHECKS,
        inputs["records"],
        inputs["identifiers"],
        resolution,
        previous["previous_map"],
        previous["previous_quality"],
        run_id,
    )
    return resolution, {
        **{name: getattr(resolution, name) for name in TABLES if hasattr(resolution, name)},
        "id_quality": quality,
        "id_accuracy": _accuracy(settings, resolution, inputs["identifiers"]),
        "id_model": resolution.match_model,
        **_state_tables(resolution.match_state),
    }


def _previous_tables(
    warehouse: Warehouse, settings: Settings, records: pa.Table, private: tuple[str, ...]
) -> dict[str, pa.Table | None]:
    """What the last run left: in the build file, or in the published one if that was lost."""
    with warehouse.connect() as build:
        if table_exists(build, "identity.id_map"):
            return {
                argument: build.execute(f"from identity.{quote(table)}").to_arrow_table()
                if table_exists(build, f"identity.{table}")
                else None
                for argument, table in PREVIOUS.items()
            }
    previous = {
        argument: published_table(settings.published_file, table)
        for argument, table in PREVIOUS.items()
    }
    known = {argument: table for argument, table in previous.items() if table is not None}
    return previous | restore_record_ids(known, records, private, settings.hash_key_bytes)


def _state_tables(state: "MatchState | None") -> dict[str, pa.Table]:
    from orchestration.analysis.identity.schemas import BLOCKING_RULE, MATCH_PRINT

    if state is None:
        nothing = MATCH_PRINT.empty_table()
        parts = {"rules": BLOCKING_RULE.empty_table(), "prints": nothing, "vectors": nothing}
    else:
        parts = {part: getattr(state, part) for part in MATCH_STATE}
    return {name.split(".")[1]: parts[part] for part, name in MATCH_STATE.items()}


def _accuracy(settings: Settings, resolution: "Resolution", identifiers: pa.Table) -> pa.Table:
    from orchestration.analysis.identity.accuracy import accuracy_report, pairs_accuracy
    from orchestration.analysis.identity.schemas import ID_ACCURACY

    if settings.truth_file is None:
        return ID_ACCURACY.empty_table()
    truth = read_truth(settings.truth_file)
    if "is_match" in truth.columns:
        return pairs_accuracy(truth, resolution.id_map)
    return accuracy_report(truth, resolution.id_map, resolution.id_edge, identifiers)


def _model_metadata(resolution: "Resolution", model_path: Path | None) -> dict:
    report = resolution.match_report
    if not report:
        return {}
    return {
        "model": dg.MetadataValue.path(str(model_path)),
        "pairs_compared": report["pairs_compared"],
        "pairs_kept": report["pairs_kept"],
        "left_out": dg.MetadataValue.json(report["left_out"]),
        "assumed": dg.MetadataValue.json(report["assumed"]),
        "sessions": dg.MetadataValue.json(report["sessions"]),
    }
