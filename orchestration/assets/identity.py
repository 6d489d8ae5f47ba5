"""Who is who: source records and identifiers in, the crosswalk to persistent customers out.

Belongs here: reading the inputs and the previous ids, writing the result, its metrics.
Does not belong here: any rule of matching (analysis/identity/).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
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
from orchestration.resources.warehouse import Warehouse, row_counts, table_exists
from orchestration.settings import Settings
from orchestration.sql import qualified
from orchestration.truth import read_truth

if TYPE_CHECKING:
    from orchestration.analysis.identity.arrow import Rows
    from orchestration.analysis.identity.config import IdentityConfig
    from orchestration.analysis.identity.matching.state import MatchState
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
PREVIOUS = {
    "previous_map": "id_map",
    "previous_history": "id_history",
    "previous_former_ids": "record_former_id",
    "previous_households": "customer_household",
    "previous_quality": "id_quality",
}
RECORDS = "intermediate.int_identity__records"
IDENTIFIERS = "intermediate.int_identity__identifiers"
OVERRIDES = "reference.identity_overrides"
AS_OF = "intermediate.int_run__as_of"
EVIDENCE_UNTIL = "intermediate.int_identity__evidence_until"
INPUTS = (RECORDS, IDENTIFIERS, OVERRIDES, AS_OF, EVIDENCE_UNTIL)
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
                    read_match_state(connection) if settings.matching else None,
                    settings,
                )
            with closing(evidence.workspace) as workspace:
                outcome = identify(evidence, settings, context.run_id)
                step.rows = warehouse.replace_tables(identity_rows(workspace))
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


@dataclass(frozen=True)
class Evidence:
    """What one resolution goes by.

    Attributes:
        workspace: Records, identifiers and what the last run left, taken in; to be closed by
            whoever has it.
        config: What the workspace was opened with.
        overrides: Decisions of people.
        as_of_date: Day of the run.
        until_at: The moment up to which evidence is used.
    """

    workspace: duckdb.DuckDBPyConnection
    config: "IdentityConfig"
    overrides: pa.Table
    as_of_date: date
    until_at: datetime


def stream(connection: duckdb.DuckDBPyConnection, name: str) -> pa.RecordBatchReader:
    """The rows of `schema.table`, a batch at a time, beside whatever the connection does."""
    return connection.cursor().execute(f"from {qualified(name)}").to_arrow_reader()


def read_match_state(connection: duckdb.DuckDBPyConnection) -> "MatchState | None":
    """The comparisons that the last run left; None when it left none."""
    from orchestration.analysis.identity.matching.state import MatchState

    if not all(table_exists(connection, name) for name in MATCH_STATE.values()):
        return None
    return MatchState(**{part: stream(connection, name) for part, name in MATCH_STATE.items()})


def take_evidence(
    connection: duckdb.DuckDBPyConnection,
    previous: "Mapping[str, Rows | None]",
    matches: "MatchState | None",
    settings: Settings,
) -> Evidence:
    """Take everything in that a resolution needs, so that the warehouse can be closed meanwhile.

    Args:
        connection: The build file.
        previous: Rows of the last run under the names of PREVIOUS; None for what it did not have.
        matches: Comparisons of the last run; None compares everything.
        settings: Whether records are matched, the seed, the hash key, how much memory there is.
    """
    from orchestration.analysis.identity.carry_over import take_in_previous
    from orchestration.analysis.identity.config import IdentityConfig, MatchingConfig
    from orchestration.analysis.identity.matching.state import take_in_state
    from orchestration.analysis.identity.workspace import open_workspace

    config = IdentityConfig(
        matching=MatchingConfig(seed=settings.seed) if settings.matching else None
    )
    workspace = open_workspace(
        stream(connection, RECORDS),
        stream(connection, IDENTIFIERS),
        config,
        settings.hash_key_bytes,
        Warehouse.of(settings).limits,
    )
    take_in_previous(workspace, **previous)
    take_in_state(workspace, matches)
    return Evidence(
        workspace,
        config,
        stream(connection, OVERRIDES).read_all(),
        stream(connection, AS_OF).read_all()["as_of_date"][0].as_py(),
        stream(connection, EVIDENCE_UNTIL).read_all()["until_at"][0].as_py(),
    )


def identify(evidence: Evidence, settings: Settings, run_id: str) -> "Outcome":
    """Resolve, and measure what came out.

    Args:
        evidence: From `take_evidence`; its workspace receives the tables of the schema `identity`.
        settings: The truth file.
        run_id: Name of this run.
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
    )
    unmatched = outcome.metrics["overrides_unmatched"]
    keep(workspace, "id_quality", measure_quality(workspace, IDENTITY_CHECKS, unmatched, run_id))
    keep(workspace, "id_accuracy", _accuracy(settings, workspace))
    return outcome


def identity_rows(
    workspace: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    """Everything that the step writes, by name, one after the other.

    What they came of goes first: the file that they are written to wants its memory.
    """
    from orchestration.analysis.identity.workspace import forget_all_but

    names = dict.fromkeys([*(f"identity.{table}" for table in TABLES), *MATCH_STATE.values()])
    tables = [name.removeprefix("identity.") for name in names]
    forget_all_but(workspace, tables)
    for name, table in zip(names, tables, strict=True):
        yield name, stream(workspace, table)


def previous_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, private: tuple[str, ...]
) -> "dict[str, Rows | None]":
    """What the last run left: in the build file, or in the published one if that was lost."""
    if table_exists(connection, "identity.id_map"):
        return {
            argument: stream(connection, f"identity.{table}")
            if table_exists(connection, f"identity.{table}")
            else None
            for argument, table in PREVIOUS.items()
        }
    previous = {
        argument: published_table(settings.published_file, table)
        for argument, table in PREVIOUS.items()
    }
    known = {argument: table for argument, table in previous.items() if table is not None}
    if not known:
        return previous
    records = stream(connection, RECORDS).read_all()
    return previous | restore_record_ids(known, records, private, settings.hash_key_bytes)


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
