"""Settings of promotion response, and the columns that go in and come out.

Belongs here: names and numbers that several modules of the folder share.
Does not belong here: anything that computes.
"""

from __future__ import annotations

from dataclasses import dataclass

MODEL_NAME = "promotion_response"
COVERAGE = 0.9

#: How each customer's answer came about, from best to poorest.
MODEL, AVERAGE, BASELINE = "model", "average", "baseline"

PERSUADABLE = "persuadable"
SURE_THING = "sure_thing"
LOST_CAUSE = "lost_cause"
SLEEPING_DOG = "sleeping_dog"

#: What identifies a campaign.
CAMPAIGN = ["source", "campaign_id"]
TRIAL_COLUMNS = (
    *CAMPAIGN,
    "customer_id",
    "starts_on",
    "closes_on",
    "is_treated",
    "has_ordered",
    "net_spend",
)
ARM_COLUMNS = (
    *CAMPAIGN,
    "starts_on",
    "closes_on",
    "window_days",
    "has_coupon",
    "holdout_share",
    "is_treated",
    "customer_count",
    "buyer_count",
    "spend_total",
    "spend_squares",
)
SCORE_COLUMNS = (
    "customer_id",
    "as_of_date",
    "window_days",
    "response_segment",
    "response_rank",
    "order_probability",
    "uplift_order_probability",
    "uplift_low",
    "uplift_high",
    "uplift_net_spend",
    "uplift_net_spend_low",
    "uplift_net_spend_high",
    "campaign_count",
    "model_version",
    "served_by",
)


@dataclass(frozen=True)
class PromotionConfig:
    """Settings of promotion response.

    Attributes:
        min_arm_p_value: Below it arms do not have the planned sizes, or are not alike, and the
            campaign is left out.
        min_arm_customers: Customers each arm of a campaign needs to be looked at.
        min_total_customers: Customers each arm needs over all campaigns for an average effect.
        min_grading_customers: Customers each arm needs in the latest campaigns that grade.
        judging_share: Share of the smaller arm, over all campaigns, that judges.
        min_training_customers: Customers each arm needs in the campaigns before.
        min_win_share: Share of bootstrap resamples in which the ranking must be ahead.
        max_trial_rows: Customers of campaigns that are learnt from and graded on at most.
        folds: Parts of the customers; who is predicted was not learnt from.
        resamples: Refits whose spread makes the intervals.
        sure_probability: From this chance on somebody would order anyway.
        rule_sensitivity: From this promo_sensitivity on the rule calls somebody persuadable.
        score_batch_rows: Customers scored at once; bounds memory.
    """

    min_arm_p_value: float = 0.001
    min_arm_customers: int = 10
    min_total_customers: int = 100
    min_grading_customers: int = 200
    judging_share: float = 0.33
    min_training_customers: int = 200
    min_win_share: float = 0.9
    max_trial_rows: int = 100_000
    folds: int = 3
    resamples: int = 20
    sure_probability: float = 0.5
    rule_sensitivity: float = 0.6
    score_batch_rows: int = 200_000
