"""The dbt models, seeds and tests as one set of assets and checks.

Belongs here: calling dbt, recording what it did, and telling Dagster of rows and columns.
Does not belong here: SQL (dbt_project/), parsing SQL (resources/column_lineage).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from orchestration.micro_batch import DAILY_JOB, MICRO_BATCH, unchanged_nodes
from orchestration.resources.column_lineage import ColumnLineage
from orchestration.resources.dbt import (
    LayerTranslator,
    dbt_project,
    recall_parse,
    remember_parse,
)
from orchestration.resources.run_record import (
    CheckOutcome,
    Step,
    write_checks,
    write_steps,
)
from orchestration.resources.warehouse import Warehouse, row_counts, table_columns
from orchestration.settings import DBT_PROJECT_DIR, Settings

if TYPE_CHECKING:
    import duckdb

BUILD_FLAGS = (
    # unit tests prove the code, not the data; `make test` runs them
    "--exclude-resource-type=unit_test",
    # a test that compares tables of two steps waits for the later step
    "--indirect-selection=buildable",
    # the debug log of a build is 200,000 lines of JSON: a tenth of the build's processor time
    "--log-level-file=error",
)

# dbt's words for a test that found nothing to complain about
PASSED = {"pass", "success"}
CONSTRAINTS = "constraints_hold"
LOCKED = "Could not set lock on file"
LOCK_RETRY_SECONDS = 15
BUILT = "built"


def model_assets(manifest: Path, settings: Settings) -> dg.AssetsDefinition:
    """Every model and seed; Dagster cuts the set into steps where Python assets stand between."""

    @dbt_assets(
        manifest=manifest,
        project=dbt_project(),
        name="models",
        dagster_dbt_translator=LayerTranslator(),
        pool="duckdb_writer",
    )
    def models(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse
    ) -> Iterator:
        step = context.op_execution_context.op.name
        target_path = settings.dbt_target_dir / context.run_id / step
        recall_parse(settings, target_path)
        outputs: list[dg.Output] = []
        excluded = []
        if settings.goes_on and context.run.job_name in (DAILY_JOB, MICRO_BATCH):
            for node in _unchanged(context, warehouse, manifest):
                excluded.append(f"fqn:{'.'.join(node['fqn'])}")
                outputs.append(_as_it_was(context, node))
        invocation = dbt.cli(
            ["build", *BUILD_FLAGS, *(["--exclude", " ".join(excluded)] if excluded else [])],
            context=context,
            target_path=target_path,
        )
        try:
            # Rows and columns are read once dbt has let go of the file. Dagster's own fetchers ask
            # while dbt still writes, and one of the two then fails on the other's lock.
            for event in invocation.stream():
                if isinstance(event, dg.Output):
                    outputs.append(event)
                    context.log.debug(f"{BUILT} {event.output_name}")
                else:
                    yield event
        except Exception as error:
            if LOCKED in str(error):
                raise dg.RetryRequested(
                    max_retries=3, seconds_to_wait=LOCK_RETRY_SECONDS
                ) from error
            raise
        finally:
            remember_parse(settings, target_path)
            with warehouse.connect() as connection:
                _record(invocation, connection, context.run_id)
                yield from _described(
                    context, outputs, invocation, connection, dialect=settings.engine
                )

    return models


def _unchanged(
    context: dg.AssetExecutionContext, warehouse: Warehouse, manifest: Path
) -> list[Mapping[str, Any]]:
    """The nodes of this step that need not be built."""
    with warehouse.connect() as connection:
        nodes = list(unchanged_nodes(connection, json.loads(manifest.read_text())))
    return [node for node in nodes if _key(node) in context.selected_asset_keys]


def _as_it_was(context: dg.AssetExecutionContext, node: Mapping[str, Any]) -> dg.Output:
    output_name = context.assets_def.get_output_name_for_asset_key(_key(node))
    return dg.Output(None, output_name, metadata={"unchanged": True})


def _key(node: Mapping[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([node["schema"], node["alias"]])


def _described(
    context: dg.AssetExecutionContext,
    outputs: list[dg.Output],
    invocation: DbtCliInvocation,
    connection: "duckdb.DuckDBPyConnection",
    *,
    dialect: str,
) -> Iterator[dg.Output]:
    """The outputs with their rows, columns and where each column comes from."""
    keys = [context.asset_key_for_output(output.output_name) for output in outputs]
    columns = table_columns(connection)
    rows = row_counts(connection, [".".join(key.path) for key in keys])
    cache = DBT_PROJECT_DIR / "target" / "column_lineage.json"
    lineage = ColumnLineage(cache, columns, dialect)
    queries = _compiled_queries(invocation)
    for key, output in zip(keys, outputs, strict=True):
        count = rows.get(".".join(key.path))
        yield output.with_metadata(
            {
                **output.metadata,
                **({"dagster/row_count": count} if count is not None else {}),
                **lineage.metadata(key, queries.get(key.path[-1])),
            }
        )
    lineage.save()


def _compiled_queries(invocation: DbtCliInvocation) -> dict[str, str]:
    """Compiled SQL of the models that this invocation ran, by name."""
    folder = invocation.target_path / "compiled" / "strata360" / "models"
    return {path.stem: path.read_text() for path in folder.rglob("*.sql")}


def _record(
    invocation: DbtCliInvocation, connection: "duckdb.DuckDBPyConnection", run_id: str
) -> None:
    results_path = invocation.target_path / "run_results.json"
    if not results_path.exists():
        return
    results = json.loads(results_path.read_text())["results"]
    nodes = invocation.manifest["nodes"]
    ran = [result for result in results if result["status"] != "skipped"]
    tests = [
        (result, nodes[result["unique_id"]])
        for result in ran
        if nodes.get(result["unique_id"], {}).get("resource_type") == "test"
    ]
    write_steps(connection, run_id, [_step(result) for result in ran])
    write_checks(connection, run_id, [_check(result, node, connection) for result, node in tests])


def _step(result: dict) -> Step:
    _, _, name = result["unique_id"].split(".", 2)
    executed = next((t for t in result["timing"] if t["name"] == "execute"), None)
    started = executed["started_at"] if executed else None
    return Step(
        name=name,
        kind="sql",
        started_at=datetime.fromisoformat(started).replace(tzinfo=None) if started else None,
        seconds=result["execution_time"],
        peak_memory_mb=None,
    )


def _check(result: dict, node: dict, connection: "duckdb.DuckDBPyConnection") -> CheckOutcome:
    severity = node["config"]["severity"].lower()
    description = " ".join((node.get("description") or "").split())
    is_constraints = (node.get("test_metadata") or {}).get("name") == CONSTRAINTS
    if is_constraints and result["status"] not in PASSED and result.get("compiled_code"):
        # its rows name constraints and hold no value of the table
        broken = connection.execute(result["compiled_code"]).fetchall()
        description = "; ".join(f"{name}: {count:,} rows" for name, count in broken)
    return CheckOutcome(
        name=node["name"],
        severity="warn" if severity == "warn" else "error",
        value=float(result["failures"] or 0),
        passed=result["status"] in PASSED,
        description=description,
    )
