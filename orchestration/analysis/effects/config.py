"""Metrics and settings of campaign effects, and the columns that go in and come out.

Belongs here: names and numbers that several modules of the folder share.
Does not belong here: anything that computes.
"""

from __future__ import annotations

from dataclasses import dataclass

#: A campaign that left somebody alone, and one that did not.
HOLDOUT, MATCHED = "holdout", "matched"
#: Everybody, as a kind of segment and as a segment.
ALL = "all"
SEGMENT_KIND = "rfm_group"
UNKNOWN = "unknown"
#: What identifies a comparison.
CAMPAIGN = ("source", "campaign_id", "method")

#: Variables of int_campaign_moments: outcome, denominator, and what was known before.
VARIABLES = ("y", "z", "x1", "x2", "x3", "x4")
COVARIATES = (2, 3, 4, 5)
SUM_COLUMNS = tuple(f"sum_{name}" for name in VARIABLES)
PRODUCT_COLUMNS = tuple(
    f"sum_{name}_{other}" for place, name in enumerate(VARIABLES) for other in VARIABLES[place:]
)
MOMENT_COLUMNS = (
    *CAMPAIGN,
    "segment",
    "stratum",
    "metric",
    "is_treated",
    "unit_count",
    "nonzero_count",
    *SUM_COLUMNS,
    *PRODUCT_COLUMNS,
)
CAMPAIGN_COLUMNS = (
    *CAMPAIGN,
    "campaign_name",
    "campaign_type",
    "starts_on",
    "closes_on",
    "window_days",
    "is_final",
    "holdout_share",
    "budget_amount",
    "treated_count",
    "control_count",
)

ARPU, CONVERSION, ORDER_VALUE = "arpu", "conversion_rate", "average_order_value"
#: Metrics of which the arms are compared, in the order in which they are shown.
COMPARED = (
    "visit_rate",
    CONVERSION,
    "orders_per_customer",
    ORDER_VALUE,
    ARPU,
    "repurchase_rate",
    "retention_rate",
)
RATES = ("visit_rate", CONVERSION, "repurchase_rate", "retention_rate")
#: Metrics that only the treated have.
DESCRIBED = ("open_rate", "click_rate", "redemption_rate")
INCREMENTAL_REVENUE, COST, ROI = "incremental_revenue", "cost", "roi"

NUMBER_COLUMNS = (
    "treated",
    "control",
    "lift",
    "relative_lift",
    "ci_low",
    "ci_high",
    "minimum_detectable_effect",
    "cuped_lift",
    "cuped_ci_low",
    "cuped_ci_high",
)
#: What every row of a campaign repeats of it.
REPEATED = (
    "campaign_name",
    "campaign_type",
    "starts_on",
    "closes_on",
    "window_days",
    "is_final",
    "sample_ratio_p_value",
    "is_sample_ratio_ok",
)
EFFECT_COLUMNS = (
    *CAMPAIGN,
    *REPEATED,
    "segment_kind",
    "segment",
    "metric",
    "treated_count",
    "control_count",
    *NUMBER_COLUMNS,
    "p_value",
    "p_value_adjusted",
    "variance_reduction",
    "verdict",
)
STRATEGY_COLUMNS = (
    "campaign_type",
    "segment_kind",
    "segment",
    "months",
    "campaign_count",
    "first_started_on",
    "last_closed_on",
    "treated_count",
    "control_count",
    "arpu_treated",
    "arpu_control",
    "arpu_lift",
    "arpu_ci_low",
    "arpu_ci_high",
    "arpu_p_value",
    "conversion_treated",
    "conversion_control",
    "conversion_lift",
    "conversion_ci_low",
    "conversion_ci_high",
    "conversion_p_value",
    "cost_per_head",
    "recommendation",
    "more_customers_needed",
    "reason_zh",
    "reason_en",
)


@dataclass(frozen=True)
class EffectsConfig:
    """How effects are judged.

    Attributes:
        confidence: Of intervals; 1 less it is the error that tests allow.
        power: Of the minimum detectable effect.
        min_arm_units: An arm of fewer is shown and not judged: the normal distribution stands in
            for that of a mean, and spend is skewed.
        min_arm_signs: The same where fewer in an arm did anything at all (or, of a rate, where
            fewer did not): a rate of 0 has no interval by the normal distribution.
        min_ratio_p_value: Arms as unequal as this by chance make a campaign not comparable.
        months: Lengths of the strategy report's windows.
        smallest_share: Part of the control's spend below which an effect is not worth having,
            where no cost is known to compare it with.
    """

    confidence: float = 0.95
    power: float = 0.8
    min_arm_units: int = 30
    min_arm_signs: int = 5
    min_ratio_p_value: float = 0.001
    months: tuple[int, ...] = (12, 24)
    smallest_share: float = 0.05


DEFAULTS = EffectsConfig()
