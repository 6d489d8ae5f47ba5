"""Who answers for which asset, and how old it may become: one rule per layer, for the whole graph.

Belongs here: owners, freshness and the badges that follow from an asset's group. Does not belong
here: groups and descriptions (each asset says its own).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from orchestration.settings import Settings

ENGINEERS, ANALYSTS, MARKETERS = "team:data_engineering", "team:analytics", "team:marketing"

# By the first group prefix that fits; the last one fits every group.
OWNERS = (
    ("marts_activation", MARKETERS),
    ("marts_strategy", MARKETERS),
    ("marts_effects", MARKETERS),
    ("marts_identity", ENGINEERS),
    ("marts_quality", ENGINEERS),
    ("marts", ANALYSTS),
    ("analysis", ANALYSTS),
    ("", ENGINEERS),
)
# What people read has to be of today; what it is made of is then as new.
FRESH_GROUPS = ("marts", "analysis", "published")
# Dagster warns when this share of the time until an asset is stale has passed.
WARN_SHARE = 0.96


def governed(
    assets: Iterable[dg.AssetsDefinition | dg.AssetSpec], settings: Settings
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets with owner and, where people read them, freshness policy.

    Args:
        assets: All of the graph.
        settings: How many hours old a table may become.
    """
    fail_window = timedelta(hours=settings.freshness_hours)
    policy = dg.FreshnessPolicy.time_window(
        fail_window=fail_window, warn_window=fail_window * WARN_SHARE
    )

    def governed_spec(spec: dg.AssetSpec) -> dg.AssetSpec:
        group = spec.group_name or ""
        is_read = group.split("_")[0] in FRESH_GROUPS
        return spec.replace_attributes(
            owners=[*spec.owners, owner_of(group)],
            freshness_policy=policy if is_read else spec.freshness_policy,
        )

    return list(dg.map_asset_specs(governed_spec, assets))


def owner_of(group: str) -> str:
    """The team that answers for a group of assets."""
    return next(owner for prefix, owner in OWNERS if group.startswith(prefix))
