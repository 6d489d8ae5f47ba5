"""Checks that customers are still like those that models learnt from.

Belongs here: from when drift is worth a warning. Does not belong here: the index
(analysis/drift.py). A warning never stops a run: scores of other customers than those learnt from
are worth less, but no scores are worth nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.checks.results import check_result
from orchestration.resources.run_record import CheckOutcome

if TYPE_CHECKING:
    import pandas as pd

# Left to the table: what grows with the company whatever its customers do, and what has one value
# for all customers of a category.
NOT_CHECKED = (
    "days_since_first_order",
    "days_first_to_last_order",
    "tenure_days",
    "order_count",
    "purchase_day_count",
    "net_spend",
    "buyer_share_90d",
    "popularity",
)
DESCRIPTIONS = {
    "score_drift": "Population stability index of the score since the newest month learnt from.",
    "feature_drift": "Features that are spread clearly otherwise than in that month.",
}


def drift_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The two checks of a model's scores."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=description)
        for name, description in DESCRIPTIONS.items()
    ]


def drift_results(
    asset: dg.AssetKey, drift: pd.DataFrame
) -> list[tuple[dg.AssetCheckResult, CheckOutcome]]:
    """What they say, for Dagster and for ops.dq_result.

    Args:
        asset: The scores.
        drift: DRIFT_COLUMNS of one or more models; without rows nothing can have drifted.
    """
    from orchestration.analysis.drift import SCORE

    is_score = drift["feature"] == SCORE
    scores, features = drift[is_score], drift[~is_score & ~drift["feature"].isin(NOT_CHECKED)]
    moved = features[features["level"] == "large"]
    outcomes = {
        "score_drift": (
            float(scores["psi"].max()) if len(scores) else 0.0,
            not (scores["level"] == "large").any(),
        ),
        "feature_drift": (float(len(moved)), moved.empty),
    }
    table = dg.MetadataValue.md(drift_as_markdown(drift))
    results = []
    for spec in drift_specs(asset):
        value, passed = outcomes[spec.name]
        # several models have checks of these names
        name = f"{asset.path[-1]}.{spec.name}"
        outcome = CheckOutcome(name, "warn", value, passed, spec.description)
        results.append((check_result(spec, outcome, {"drift": table}), outcome))
    return results


def drift_as_markdown(drift: pd.DataFrame) -> str:
    """The index of every score, and of the features that moved most."""
    ordered = drift.sort_values("psi", ascending=False, kind="stable")
    lines = ["| model | feature | since | index | level |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.model} | {row.feature} | {row.reference_date} | {row.psi:.3f} | {row.level} |"
        for row in ordered.groupby("model", sort=True).head(12).itertuples()
    ]
    return "\n".join(lines)
