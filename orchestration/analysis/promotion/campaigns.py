"""Which campaigns may teach, what each changed on average, and which of them judge.

Belongs here: checks of arms, pooled effects, the order in time, rows as arrays.
Does not belong here: statistics of arms (analysis/experiments.py), models.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orchestration.analysis.experiments import (
    Effect,
    Moments,
    moments_of_sums,
    pooled_effect,
    why_arms_cannot_teach,
)
from orchestration.analysis.promotion.config import CAMPAIGN, COVERAGE, PromotionConfig
from orchestration.analysis.promotion.features import covariates
from orchestration.analysis.promotion.learners import Trials


@dataclass
class Experiments:
    """Campaigns that may be learnt from.

    Attributes:
        campaigns: CAMPAIGN, starts_on, closes_on, window_days, treated_share; oldest first.
        arms: Of each campaign: moments of ordering and of net spend of the treated, then of the
            others.
        notes: Plain sentences on what was left out and why.
    """

    campaigns: pd.DataFrame
    arms: list[tuple[tuple[Moments, Moments], tuple[Moments, Moments]]]
    notes: list[str] = field(default_factory=list)

    @property
    def order_effect(self) -> Effect:
        """What a promotion adds to the probability to order, over all campaigns."""
        return pooled_effect([(t[0], h[0]) for t, h in self.arms], confidence=COVERAGE)

    @property
    def spend_effect(self) -> Effect:
        """What a promotion adds to net spend, over all campaigns."""
        return pooled_effect([(t[1], h[1]) for t, h in self.arms], confidence=COVERAGE)

    def counts(self) -> tuple[int, int]:
        """Customers treated and left alone; somebody in two campaigns counts twice."""
        treated = sum(t[0].count for t, _ in self.arms)
        return treated, sum(h[0].count for _, h in self.arms)

    def where(self, chosen: np.ndarray) -> Experiments:
        """The chosen campaigns, without notes; by mask."""
        arms = [pair for pair, kept in zip(self.arms, chosen, strict=True) if kept]
        return Experiments(self.campaigns[chosen].reset_index(drop=True), arms)


def usable_campaigns(
    arms: pd.DataFrame, trials: pd.DataFrame, config: PromotionConfig
) -> Experiments:
    """Campaigns with two arms that chance has made.

    Args:
        arms: ARM_COLUMNS, one row per campaign and arm, of campaigns whose window is over.
        trials: Rows of customers in them, with FEATURES; a sample will do.
        config: min_arm_customers, min_arm_p_value.

    Returns:
        The campaigns. Where some give coupons, only those are promotions; where none is known to,
        all count.
    """
    notes: list[str] = []
    kept: list[dict] = []
    moments: list = []
    columns = [*CAMPAIGN, "starts_on", "closes_on", "window_days"]
    arms = arms.sort_values(["starts_on", *CAMPAIGN, "is_treated"], kind="stable")
    both = arms.groupby(CAMPAIGN)["is_treated"].transform("nunique") == 2
    enough = arms.groupby(CAMPAIGN)["customer_count"].transform("min") >= config.min_arm_customers
    tried = arms[both & enough]
    with_coupon = tried["has_coupon"].astype(bool)
    if with_coupon.any():
        tried = tried[with_coupon]
    elif len(tried):
        notes.append("No campaign with two arms gives a coupon: all of them count as promotions.")
    rows_of = dict(iter(trials.groupby(CAMPAIGN)))
    for key, pair in tried.groupby(CAMPAIGN, sort=False):
        holdout, treated = (_moments(row) for row in pair.to_dict("records"))
        counts = treated[0].count, holdout[0].count
        # a sample may have nobody of a campaign
        rows = rows_of.get(key, trials.iloc[:0])
        problem = why_arms_cannot_teach(
            counts,
            pair["holdout_share"].iloc[0],
            covariates(rows),
            rows["is_treated"].to_numpy(dtype=bool),
            least_p_value=config.min_arm_p_value,
        )
        if problem:
            notes.append(f"Campaign {key[1]} is left out: {problem}.")
            continue
        first = pair.iloc[0]
        share = counts[0] / sum(counts)
        kept.append({**{name: first[name] for name in columns}, "treated_share": share})
        moments.append((treated, holdout))
    return Experiments(pd.DataFrame(kept, columns=[*columns, "treated_share"]), moments, notes)


def latest_that_judge(experiments: Experiments, config: PromotionConfig) -> np.ndarray:
    """The fewest latest campaigns whose arms are large enough to judge a ranking; mask (c,).

    Large enough is min_grading_customers, and judging_share of the people left alone: with all of
    history at hand a ranking should not stand or fall with the luck of one campaign.
    """
    least = max(config.min_grading_customers, config.judging_share * min(experiments.counts()))
    judges = np.zeros(len(experiments.arms), dtype=bool)
    for number in reversed(range(len(judges))):
        judges[number] = True
        if min(experiments.where(judges).counts()) >= least:
            break
    return judges


def finished_before(experiments: Experiments, judges: np.ndarray) -> np.ndarray:
    """Campaigns whose window was over before the first of the judging ones began; mask (c,)."""
    begin = experiments.campaigns["starts_on"][judges].min()
    return (experiments.campaigns["closes_on"] < begin).to_numpy()


def as_arrays(trials: pd.DataFrame, experiments: Experiments) -> tuple[Trials, pd.DataFrame]:
    """Rows of the campaigns, in an order that does not depend on how they came.

    Args:
        trials: TRIAL_COLUMNS and FEATURES.
        experiments: The campaigns that count.

    Returns:
        The rows as arrays, and the same rows as they were.
    """
    shares = experiments.campaigns[[*CAMPAIGN, "treated_share"]]
    shares = shares.assign(campaign_number=np.arange(len(shares)))
    rows = trials.merge(shares, on=CAMPAIGN, validate="m:1")
    rows = rows.sort_values(["campaign_number", "customer_id"], kind="stable", ignore_index=True)
    arrays = Trials(
        values=covariates(rows).to_numpy(),
        treated=rows["is_treated"].to_numpy(dtype=float),
        outcome=rows["has_ordered"].to_numpy(dtype=float),
        propensity=rows["treated_share"].to_numpy(dtype=float),
        campaign=rows["campaign_number"].to_numpy(dtype=np.int64),
        customer=np.unique(rows["customer_id"].to_numpy(dtype=str), return_inverse=True)[1],
    )
    return arrays, rows


def _moments(arm: dict) -> tuple[Moments, Moments]:
    count, buyers = int(arm["customer_count"]), float(arm["buyer_count"])
    spend = moments_of_sums(count, float(arm["spend_total"]), float(arm["spend_squares"]))
    # nobody ordering twice as "ordered": its square is itself
    return moments_of_sums(count, buyers, buyers), spend
