"""Check that campaigns left as many alone as they meant to.

Belongs here: what is said of arms that chance would hardly have made. Does not belong here: the
test (analysis/experiments.py). A warning never stops a run: the campaign's effects are marked as
not comparable, and all others are as good as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.checks.results import check_result
from orchestration.resources.run_record import CheckOutcome

if TYPE_CHECKING:
    import pandas as pd

NAME = "sample_ratio"
DESCRIPTION = (
    "Campaigns whose holdout is not as large as planned: somebody went missing from an arm, and "
    "the arms cannot be compared."
)


def ratio_spec(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check of a table of effects."""
    return dg.AssetCheckSpec(NAME, asset=asset, description=DESCRIPTION)


def ratio_result(
    asset: dg.AssetKey, campaigns: pd.DataFrame
) -> tuple[dg.AssetCheckResult, CheckOutcome]:
    """What it says, for Dagster and for ops.dq_result.

    Args:
        asset: The effects.
        campaigns: Of `analysis.effects.sample_ratios`.
    """
    from orchestration.analysis.effects import count_of_mismatches

    count = count_of_mismatches(campaigns)
    outcome = CheckOutcome(
        f"{asset.path[-1]}.{NAME}", "warn", float(count), count == 0, DESCRIPTION
    )
    # beside people alike nobody was left alone
    left_alone = campaigns["control_count"].where(campaigns["method"] == "holdout", 0)
    broken = campaigns.assign(left_alone=left_alone)
    broken = broken[broken["is_sample_ratio_ok"].eq(False).fillna(False)]
    lines = ["| campaign | treated | left alone | planned | p |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.campaign_id} | {row.treated_count:,} | {row.left_alone:,} "
        f"| {row.holdout_share:.0%} | {row.sample_ratio_p_value:.1g} |"
        for row in broken.itertuples()
    ]
    table = dg.MetadataValue.md("\n".join(lines))
    return check_result(ratio_spec(asset), outcome, {"campaigns": table}), outcome
