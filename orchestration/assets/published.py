"""The published file: the last step, reached only when every blocking check before it passed.

Belongs here: the asset. Does not belong here: the copy itself (publishing/).
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.analysis.identity.hashing import install_hmac
from orchestration.checks.published import published_results, published_specs, rows_before
from orchestration.disk import room
from orchestration.micro_batch import DAILY_JOB, MICRO_BATCH, left_out_models
from orchestration.privacy.roles import publish_roles
from orchestration.publishing.catalogue import PublishedTable, published_tables
from orchestration.publishing.publish import publish
from orchestration.resources.increment import complete_run, incremental_models
from orchestration.resources.run_record import (
    Step,
    carry_checks_over,
    forget_peak_memory,
    peak_memory_mb,
    utc_now,
    write_checks,
    write_steps,
)
from orchestration.resources.run_state import note_complete
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import Settings

PUBLISHED = dg.AssetKey(["published", "strata360"])


def published_asset(manifest: Path, settings: Settings) -> dg.AssetsDefinition:
    """One asset for the one file that everybody reads."""
    tables = published_tables(manifest)

    @dg.asset(
        key=PUBLISHED,
        deps=[model_key(table) for table in tables],
        group_name="published",
        kinds={"duckdb", "file"},
        pool="duckdb_writer",
        check_specs=published_specs(PUBLISHED),
        metadata={
            "dbt docs": dg.MetadataValue.path(str(settings.docs_dir / "index.html")),
        },
        description="published/strata360.duckdb: every published table with its comments, swapped "
        "in by an atomic rename after all checks passed. BI tools and exports read only this.",
    )
    def strata360(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
        started_at = utc_now()
        forget_peak_memory()
        target = settings.published_file
        with warehouse.connect() as connection:
            parsed = json.loads(manifest.read_text())
            _log_overhead(connection, context.run_id, started_at)
            if context.run.job_name == MICRO_BATCH:
                carry_checks_over(connection, context.run_id)
            elif context.run.job_name == DAILY_JOB:
                # of a daily run only dbt leaves anything as it is
                carry_checks_over(connection, context.run_id, among=_dbt_tests(parsed))
            install_hmac(connection, settings.hash_key_bytes)
            before, size_before = rows_before(target), _size(target)
            publication = publish(
                connection,
                tables,
                target,
                run_id=context.run_id,
                published_at=utc_now(),
            )
            publish_roles(settings, settings.published_role_names, manifest)
            is_whole = _were_built(context, incremental_models(parsed))
            if is_whole:
                complete_run(connection, context.run_id, parsed, settings.compiled_into_models)
            else:
                context.log.warning(
                    "this run left incremental tables out, so the next one builds them whole"
                )
            checked = list(
                published_results(
                    PUBLISHED,
                    before=before,
                    rows=publication.rows,
                    size_before=size_before,
                    size=publication.size_bytes,
                    room=room(settings),
                )
            )
            write_checks(connection, context.run_id, [outcome for _, outcome in checked])
            seconds = (utc_now() - started_at).total_seconds()
            write_steps(
                connection,
                context.run_id,
                [
                    Step(
                        "publish",
                        "python",
                        started_at,
                        seconds,
                        sum(publication.rows.values()),
                        peak_memory_mb(),
                    )
                ],
            )
        if is_whole:
            is_daily = _were_built(context, left_out_models(parsed))
            note_complete(settings, context.run_id, is_daily=is_daily)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(publication.rows.values()),
                "path": dg.MetadataValue.path(str(target)),
                "size_mb": round(publication.size_bytes / 2**20, 1),
                "tables": dg.MetadataValue.table(
                    [
                        dg.TableRecord({"table": name, "rows": rows})
                        for name, rows in publication.rows.items()
                    ]
                ),
            },
            check_results=[result for result, _ in checked],
        )

    return strata360


def _dbt_tests(manifest: Mapping[str, Any]) -> list[str]:
    return [node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"]


def _were_built(context: dg.AssetExecutionContext, models: Iterable[Mapping[str, Any]]) -> bool:
    """Whether all of these models were part of this run, which may be of any selection."""
    selected = context.job_def.asset_layer.selected_asset_keys
    return all(dg.AssetKey([node["schema"], node["alias"]]) in selected for node in models)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def model_key(table: PublishedTable) -> dg.AssetKey:
    """Asset key of the model behind a published table: its schema and name."""
    return dg.AssetKey(table.source.split("."))


def _log_overhead(connection, run_id: str, until) -> None:
    """Log what the run spent on neither SQL nor Python steps: processes, parsing, events.

    Models may run side by side, so their seconds are counted as the time they cover together.
    """
    connection.execute(
        """
        insert into ops.run_log
        with steps as (
            select
                started_at,
                started_at + to_microseconds(cast(seconds * 1e6 as bigint)) as ended_at
            from ops.run_log
            where run_id = $run_id and started_at is not null and kind in ('sql', 'python')
        ),
        gaps as (
            select
                started_at,
                ended_at,
                max(ended_at) over (
                    order by started_at, ended_at rows between unbounded preceding and 1 preceding
                ) as covered_until
            from steps
        ),
        covered as (
            select sum(
                epoch(ended_at) - epoch(least(ended_at, greatest(started_at, covered_until)))
            ) as seconds
            from gaps
        )
        select
            $run_id,
            'overhead',
            run_context.started_at,
            epoch($until) - epoch(run_context.started_at) - coalesce(covered.seconds, 0),
            null,
            null,
            'orchestration'
        from ops.run_context as run_context
        cross join covered
        where run_context.run_id = $run_id
        """,
        {"run_id": run_id, "until": until},
    )
