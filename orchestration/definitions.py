"""Assembly of the Dagster definitions, and nothing else.

Belongs here: putting assets, checks, resources, jobs, schedules and sensors together.
Does not belong here: implementing any of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from orchestration.assets.audiences import audiences_asset
from orchestration.assets.category_propensity import category_propensity_asset
from orchestration.assets.churn import churn_asset
from orchestration.assets.clusters import clusters_asset
from orchestration.assets.contact import contact_asset
from orchestration.assets.demand import demand_asset
from orchestration.assets.effects import effects_asset
from orchestration.assets.governance import governed
from orchestration.assets.identity import identity_assets
from orchestration.assets.interests import interests_asset
from orchestration.assets.landing import (
    ingest_assets,
    landing_specs,
)
from orchestration.assets.lifetime import lifetime_asset
from orchestration.assets.models import model_assets
from orchestration.assets.next_action import next_action_asset
from orchestration.assets.promotion import promotion_asset
from orchestration.assets.propensities import propensities_asset
from orchestration.assets.published import published_asset
from orchestration.assets.recommendation import recommendation_asset
from orchestration.assets.sentiment import sentiment_asset
from orchestration.automation import (
    daily_job,
    daily_schedule,
    dead_run_sensor,
    failure_sensor,
    landing_sensor,
    micro_batch_job,
    prune_schedule,
)
from orchestration.ingestion.contracts import load_contracts
from orchestration.progress import progress_logger
from orchestration.pruning import prune_job
from orchestration.resources.dbt import dbt_resource, ensure_manifest
from orchestration.resources.warehouse import Warehouse
from orchestration.settings import STAGING_DIR, Settings


def build_defs(
    *, settings: Settings | None = None, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """The whole graph, from landing folders to the published file.

    Args:
        settings: Paths and knobs; from the environment when absent.
        resource_overrides: Resources that replace the real ones by name, for tests.
    """
    settings = settings or Settings()
    settings.make_dirs()
    manifest = ensure_manifest(settings)
    contracts = load_contracts(STAGING_DIR)
    jobs = [daily_job(), micro_batch_job(manifest)]
    pruning = prune_job(settings)
    resources = {
        "warehouse": Warehouse.of(settings),
        "dbt": dbt_resource(settings),
        **(resource_overrides or {}),
    }
    assets = [
        *landing_specs(contracts),
        ingest_assets(contracts, manifest, settings),
        model_assets(manifest, settings),
        identity_assets(manifest, settings),
        clusters_asset(settings),
        churn_asset(settings),
        interests_asset(settings),
        lifetime_asset(settings),
        demand_asset(settings),
        contact_asset(settings),
        recommendation_asset(settings),
        sentiment_asset(settings),
        propensities_asset(settings),
        category_propensity_asset(settings),
        promotion_asset(settings),
        next_action_asset(settings),
        audiences_asset(settings),
        effects_asset(settings),
        published_asset(manifest, settings),
    ]
    return dg.Definitions(
        assets=governed(assets, settings),
        jobs=[*jobs, pruning],
        schedules=[daily_schedule(settings), prune_schedule(settings, pruning)],
        sensors=[
            landing_sensor(contracts, manifest, settings, jobs),
            failure_sensor(settings, jobs),
            dead_run_sensor(settings),
        ],
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
        resources=resources,
        # one process for all steps: a process per step would import and connect anew each time
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; built when asked for, so that importing this module costs nothing."""
    return build_defs()
