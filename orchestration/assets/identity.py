"""Who is who: source records and identifiers in, the crosswalk to persistent customers out.

Belongs here: the step, its metrics. Does not belong here: any rule of matching
(analysis/identity/), reading and writing (resources/identity_evidence).
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pyarrow as pa

from orchestration.checks.identity import IDENTITY_CHECKS
from orchestration.micro_batch import forget_gone_customers
from orchestration.publishing.pseudonyms import private_sources
from orchestration.resources.identity_evidence import (
    INPUTS,
    Evidence,
    identity_rows,
    previous_rows,
    read_match_state,
    take_evidence,
)
from orchestration.resources.run_record import note_evidence, timed_step, write_checks
from orchestration.resources.warehouse import Warehouse, row_counts
from orchestration.settings import Settings
from orchestration.truth import read_truth

if TYPE_CHECKING:
    from orchestration.analysis.identity.matching.vectors import CompareAll
    from orchestration.analysis.identity.resolve import Outcome

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


def identity_assets(manifest: Path, settings: Settings) -> dg.AssetsDefinition:
    """OneID as one step that writes its tables in one transaction."""
    parsed = json.loads(manifest.read_text())
    private = private_sources(parsed)

    @dg.multi_asset(
        name="identity",
        specs=[
            dg.AssetSpec(
                ["identity", table],
                deps=[dg.AssetKey(name.split(".")) for name in INPUTS],
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
                # a stream keeps the file open as long as somebody holds it, so it gets no name here
                evidence = take_evidence(
                    connection,
                    previous_rows(connection, settings, private),
                    read_match_state(connection, settings),
                    settings,
                )
            with closing(evidence.workspace) as workspace:
                with comparing(settings) as compare_all:
                    outcome = identify(evidence, settings, context.run_id, compare_all)
                step.rows = warehouse.replace_tables(identity_rows(workspace, TABLES))
                counts = row_counts(workspace, [f"main.{table}" for table in TABLES])
                measured = {
                    row["check_name"]: row
                    for row in workspace.table("id_quality").to_arrow_table().to_pylist()
                }
            with warehouse.connect() as connection:
                note_evidence(connection, context.run_id, evidence.until_at)
                forget_gone_customers(connection, parsed)
        model_path = outcome.match_report and save_match_model(
            outcome.match_report, settings.models_dir, context.run_id
        )
        checked = [check.result(measured[check.name]) for check in IDENTITY_CHECKS]
        with warehouse.connect() as connection:
            write_checks(connection, context.run_id, [checked_as for _, checked_as in checked])
        for table in TABLES:
            is_crosswalk = table == "id_map"
            yield dg.MaterializeResult(
                asset_key=["identity", table],
                metadata={
                    "dagster/row_count": counts[f"main.{table}"],
                    **(outcome.metrics if is_crosswalk else {}),
                    **(_model_metadata(outcome, model_path) if table == "id_model" else {}),
                },
                check_results=[result for result, _ in checked] if is_crosswalk else [],
            )

    return identity


@contextmanager
def comparing(settings: Settings) -> "Iterator[CompareAll | None]":
    """How records are compared where all of them are: on Spark, or here with None."""
    if settings.engine != "spark":
        yield None
        return
    from orchestration.resources.spark import STEP_OPTIONS, spark_session
    from orchestration.resources.spark_matching import compare_on_spark

    with spark_session(settings, STEP_OPTIONS) as session:
        yield partial(compare_on_spark, session, settings.spark_dir / "compared")


def identify(
    evidence: Evidence, settings: Settings, run_id: str, compare_all: "CompareAll | None" = None
) -> "Outcome":
    """Resolve, and measure what came out.

    Args:
        evidence: From `take_evidence`; its workspace receives the tables of the schema `identity`.
        settings: The truth file.
        run_id: Name of this run.
        compare_all: From `comparing`.
    """
    from orchestration.analysis.identity.arrow import keep
    from orchestration.analysis.identity.quality import measure_quality
    from orchestration.analysis.identity.resolve import resolve_workspace

    workspace = evidence.workspace
    outcome = resolve_workspace(
        workspace,
        overrides=evidence.overrides,
        run_id=run_id,
        as_of_date=evidence.as_of_date,
        config=evidence.config,
        compare_all=compare_all,
    )
    unmatched = outcome.metrics["overrides_unmatched"]
    keep(workspace, "id_quality", measure_quality(workspace, IDENTITY_CHECKS, unmatched, run_id))
    keep(workspace, "id_accuracy", _accuracy(settings, workspace))
    return outcome


def _accuracy(settings: Settings, workspace: duckdb.DuckDBPyConnection) -> pa.Table:
    from orchestration.analysis.identity.accuracy import accuracy_report, pairs_accuracy
    from orchestration.analysis.identity.schemas import ID_ACCURACY

    if settings.truth_file is None:
        return ID_ACCURACY.empty_table()
    truth = read_truth(settings.truth_file)
    id_map, id_edge, identifiers = (
        workspace.table(name).to_arrow_table() for name in ("id_map", "id_edge", "identifier_input")
    )
    if "is_match" in truth.columns:
        return pairs_accuracy(truth, id_map)
    return accuracy_report(truth, id_map, id_edge, identifiers)


def _model_metadata(outcome: "Outcome", model_path: Path | None) -> dict:
    report = outcome.match_report
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
