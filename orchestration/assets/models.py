"""The dbt models, seeds and tests as one set of assets and checks.

Belongs here: calling dbt and recording what it did. Does not belong here: SQL (dbt_project/).
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from orchestration.resources.dbt import LayerTranslator, dbt_project
from orchestration.resources.run_record import (
    CheckOutcome,
    Step,
    peak_memory_mb,
    write_checks,
    write_steps,
)
from orchestration.resources.warehouse import Warehouse

# dbt's words for a test that found nothing to complain about
PASSED = {"pass", "success"}
LOCKED = "Could not set lock on file"
LOCK_RETRY_SECONDS = 15


def model_assets(manifest: Path) -> dg.AssetsDefinition:
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
        invocation = dbt.cli(["build"], context=context)
        try:
            yield from invocation.stream().fetch_row_counts().fetch_column_metadata()
        except Exception as error:
            if LOCKED in str(error):
                raise dg.RetryRequested(
                    max_retries=3, seconds_to_wait=LOCK_RETRY_SECONDS
                ) from error
            raise
        finally:
            _record(invocation, warehouse, context.run_id)

    return models


def _record(invocation: DbtCliInvocation, warehouse: Warehouse, run_id: str) -> None:
    results_path = invocation.target_path / "run_results.json"
    if not results_path.exists():
        return
    results = json.loads(results_path.read_text())["results"]
    nodes = invocation.manifest["nodes"]
    steps, checks = [], []
    for result in results:
        node = nodes.get(result["unique_id"])
        if result["status"] == "skipped":
            continue
        if node and node["resource_type"] == "test":
            checks.append(_check(result, node))
        steps.append(_step(result))
    with warehouse.connect() as connection:
        write_steps(connection, run_id, steps)
        write_checks(connection, run_id, checks)


def _step(result: dict) -> Step:
    _, _, name = result["unique_id"].split(".", 2)
    executed = next((t for t in result["timing"] if t["name"] == "execute"), None)
    started = executed["started_at"] if executed else None
    return Step(
        name=name,
        kind="sql",
        started_at=datetime.fromisoformat(started).replace(tzinfo=None) if started else None,
        seconds=result["execution_time"],
        peak_memory_mb=peak_memory_mb(),
    )


def _check(result: dict, node: dict) -> CheckOutcome:
    severity = node["config"]["severity"].lower()
    return CheckOutcome(
        name=node["name"],
        severity="warn" if severity == "warn" else "error",
        value=float(result["failures"] or 0),
        passed=result["status"] in PASSED,
        description=" ".join((node.get("description") or "").split()),
    )
