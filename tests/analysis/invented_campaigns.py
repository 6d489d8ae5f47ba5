"""Campaigns with arms and known effects, for tests and the benchmark.

Belongs here: invented customers, who is left alone, what they do. Does not belong here: assertions.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.promotion.config import CAMPAIGN
from orchestration.analysis.promotion.features import UNKNOWN_SENSITIVITY

FIRST_DAY = date(2024, 1, 10)
WINDOW_DAYS = 28


def invented_customers(count: int, *, seed: int = 1) -> pd.DataFrame:
    """customer_id, FEATURES, `chance` to order without a promotion, and `pull`: what a promotion of
    effect 1 adds to it. Members who buy at a discount are drawn, others put off."""
    generator = np.random.default_rng(seed)
    rate = generator.gamma(1.5, 1.2, count)
    orders = generator.poisson(rate * 4)
    sensitivity = generator.beta(1.2, 1.6, count)
    discounted = generator.binomial(orders, sensitivity)
    value = generator.gamma(4, 60, count).round(2)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number:010d}" for number in range(count)],
            "order_count_90d": generator.poisson(rate),
            "order_count_365d": orders,
            "order_count": orders,
            "net_spend_365d": (orders * value).round(2),
            "average_order_value": np.where(orders > 0, value, np.nan),
            "distinct_category_count": np.minimum(orders, 6),
            "event_count_90d": generator.poisson(4, count),
            "message_count_365d": generator.poisson(5, count),
            "message_open_count_365d": generator.poisson(1, count),
            "message_click_count_365d": generator.poisson(0.3, count),
            "coupon_redemption_count_365d": generator.poisson(0.4 * sensitivity),
            "discount_share": np.where(orders > 0, discounted / np.maximum(orders, 1), np.nan),
            "coupon_order_share": np.where(orders > 0, 0.1, np.nan),
            "store_order_share": np.where(orders > 0, generator.random(count), np.nan),
            "days_since_last_order": np.where(
                orders > 0, generator.integers(1, 300, count), np.nan
            ),
            "tenure_days": generator.integers(10, 900, count),
            "is_member": generator.random(count) < 0.6,
            "promo_sensitivity": np.where(
                orders > 0, ((discounted + 1.2) / (orders + 3)).round(4), np.nan
            ),
        }
    )
    leaning = frame["promo_sensitivity"].fillna(UNKNOWN_SENSITIVITY) - 0.3
    frame["pull"] = leaning + np.where(frame["is_member"], 0.25, -0.25)
    frame["chance"] = 1 - np.exp(-rate * WINDOW_DAYS / 90)
    return frame


def invented_campaigns(
    customers: pd.DataFrame,
    *,
    effect: float,
    campaigns: int = 8,
    audience: float = 0.5,
    holdout: float = 0.3,
    seed: int = 2,
) -> pd.DataFrame:
    """TRIAL_COLUMNS, FEATURES and more that `arms_of` needs; uplift is `effect` times `pull`."""
    generator = np.random.default_rng(seed)
    parts = []
    for number in range(campaigns):
        chosen = customers[generator.random(len(customers)) < audience]
        treated = generator.random(len(chosen)) >= holdout
        chance = np.clip(chosen["chance"] + effect * chosen["pull"] * treated, 0, 1)
        ordered = generator.random(len(chosen)) < chance
        spent = np.where(ordered, chosen["average_order_value"].fillna(200.0), 0.0).round(2)
        begin = FIRST_DAY + timedelta(days=40 * number)
        parts.append(
            chosen.assign(
                source="standard",
                campaign_id=f"K{number:02d}",
                starts_on=begin,
                closes_on=begin + timedelta(days=WINDOW_DAYS - 1),
                window_days=WINDOW_DAYS,
                has_coupon=True,
                holdout_share=holdout,
                is_treated=treated,
                has_ordered=ordered,
                net_spend=spent,
            )
        )
    return pd.concat(parts, ignore_index=True)


def arms_of(trials: pd.DataFrame) -> pd.DataFrame:
    """ARM_COLUMNS of the rows, as the warehouse adds them up."""
    columns = ["starts_on", "closes_on", "window_days", "has_coupon", "holdout_share"]
    rows = trials.assign(square=trials["net_spend"] ** 2)
    return (
        rows.groupby([*CAMPAIGN, *columns, "is_treated"], dropna=False)
        .agg(
            customer_count=("customer_id", "size"),
            buyer_count=("has_ordered", "sum"),
            spend_total=("net_spend", "sum"),
            spend_squares=("square", "sum"),
        )
        .reset_index()
    )
