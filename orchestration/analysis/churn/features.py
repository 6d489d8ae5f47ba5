"""The features of the churn model: which columns, in which group, and how they become a matrix.

Belongs here: the list of columns read from `customer_features`, their direction where it is
certain, the ratios derived from them, and the matrix the estimators see.
Does not belong here: fitted parameters of any kind (scaling and filling live in the fitted
pipelines), labels, and the wording of reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ChurnFeature:
    """One column of the model.

    Attributes:
        name: Column of `customer_features`, or a ratio of `derived_ratios`.
        group: Reason group its contribution is added to (a key of `reasons.PHRASES`).
        monotone: 1 when more can only raise the risk, -1 when more can only lower it, else 0.
    """

    name: str
    group: str
    monotone: int = 0


# Only the two directions that hold for any retailer are imposed. Windows nested in the year
# (30, 90, 180 days) are free: given the year, recent orders may mean a restocked cupboard.
FEATURES = (
    ChurnFeature("days_since_last_order", "recency", 1),
    ChurnFeature("silence_ratio", "rhythm"),
    ChurnFeature("median_days_between_orders", "rhythm"),
    ChurnFeature("mean_days_between_orders", "rhythm"),
    ChurnFeature("order_count", "frequency"),
    ChurnFeature("order_count_30d", "frequency"),
    ChurnFeature("order_count_90d", "frequency"),
    ChurnFeature("order_count_180d", "frequency"),
    ChurnFeature("order_count_365d", "frequency", -1),
    ChurnFeature("purchase_day_count", "frequency"),
    ChurnFeature("orders_per_year", "frequency"),
    ChurnFeature("net_spend", "spend"),
    ChurnFeature("net_spend_30d", "spend"),
    ChurnFeature("net_spend_90d", "spend"),
    ChurnFeature("net_spend_365d", "spend"),
    ChurnFeature("average_order_value", "spend"),
    ChurnFeature("unit_count", "spend"),
    ChurnFeature("tenure_days", "tenure"),
    ChurnFeature("days_since_first_order", "tenure"),
    ChurnFeature("days_first_to_last_order", "tenure"),
    ChurnFeature("silent_share", "recency"),
    ChurnFeature("days_since_last_seen", "contact"),
    ChurnFeature("days_since_last_event", "visits"),
    ChurnFeature("interaction_count_365d", "contact"),
    ChurnFeature("event_count_30d", "engagement"),
    ChurnFeature("event_count_90d", "engagement"),
    ChurnFeature("event_count_365d", "engagement"),
    ChurnFeature("view_count_90d", "engagement"),
    ChurnFeature("search_count_90d", "engagement"),
    ChurnFeature("favorite_count_90d", "engagement"),
    ChurnFeature("cart_count_90d", "engagement"),
    ChurnFeature("share_count_365d", "engagement"),
    ChurnFeature("active_days_30d", "engagement"),
    ChurnFeature("active_days_90d", "engagement"),
    ChurnFeature("session_count_90d", "engagement"),
    ChurnFeature("distinct_product_count", "variety"),
    ChurnFeature("distinct_category_count", "variety"),
    ChurnFeature("distinct_channel_count", "channel"),
    ChurnFeature("store_order_share", "channel"),
    ChurnFeature("discount_share", "promotion"),
    ChurnFeature("coupon_order_share", "promotion"),
    ChurnFeature("refund_share", "refunds"),
    ChurnFeature("refunded_amount", "refunds"),
    ChurnFeature("night_order_share", "habits"),
    ChurnFeature("weekend_order_share", "habits"),
    ChurnFeature("is_member", "loyalty"),
    ChurnFeature("points_balance", "loyalty"),
)
FEATURE_BY_NAME = {feature.name: feature for feature in FEATURES}

# Without these there is neither eligibility nor a rule to be compared with.
REQUIRED_COLUMNS = ("customer_id", "as_of_date", "days_since_last_order", "order_count_365d")


def derived_ratios(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Ratios that say more than their parts: pace, and silence measured against that pace.

    Args:
        frame: Rows of `customer_features`.

    Returns:
        Name → float array (n,), for each ratio whose parts are present:
        silence_ratio (days of silence per usual gap; NaN before the second order),
        orders_per_year (since the first order, with a month added so that newcomers do not count
        as very frequent), silent_share (0..1, part of the time since the first order spent silent).
    """
    ratios: dict[str, np.ndarray] = {}

    def column(name: str) -> np.ndarray | None:
        return numeric_column(frame[name]) if name in frame else None

    silence = column("days_since_last_order")
    gap = column("mean_days_between_orders")
    orders = column("order_count")
    age = column("days_since_first_order")
    if silence is not None and gap is not None:
        # Two orders on one day have a gap of 0; a day is the finest rhythm the ratio can mean.
        ratios["silence_ratio"] = silence / np.maximum(gap, 1.0)
    if orders is not None and age is not None:
        ratios["orders_per_year"] = orders * 365.0 / (np.maximum(age, 0.0) + 30.0)
    if silence is not None and age is not None:
        ratios["silent_share"] = silence / np.maximum(age, 1.0)
    return ratios


def numeric_column(values: pd.Series) -> np.ndarray:
    """The column as float64 with NaN for null; booleans become 0 and 1, decimals floats.

    To six digits: an engine that averages on several threads may differ in the last ones.
    """
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.round(numbers, 6)


def available_features(frame: pd.DataFrame) -> tuple[str, ...]:
    """Names of FEATURES that the frame can supply and that vary in it, in the declared order.

    A constant column (a company without an app has no events) teaches nothing, and would start to
    matter at random if it began to vary after training.
    """
    ratios = derived_ratios(frame)
    kept = []
    for feature in FEATURES:
        if feature.name not in frame and feature.name not in ratios:
            continue
        values = ratios.get(feature.name)
        values = numeric_column(frame[feature.name]) if values is None else values
        known = values[np.isfinite(values)]
        has_gaps = 0 < len(known) < len(values)
        if len(known) and (has_gaps or known.min() < known.max()):
            kept.append(feature.name)
    return tuple(kept)


def feature_matrix(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Build the matrix the estimators see.

    Args:
        frame: Rows of `customer_features`.
        names: Features in the order the model was trained with.

    Returns:
        float64, shape (len(frame), len(names)); NaN where unknown.

    Raises:
        ValueError: A feature of the model is missing from the frame.
    """
    ratios = derived_ratios(frame)
    missing = [name for name in names if name not in frame and name not in ratios]
    if missing:
        raise ValueError(f"customer_features lacks {missing}, which the churn model was trained on")
    matrix = np.empty((len(frame), len(names)), dtype="float64")
    for position, name in enumerate(names):
        matrix[:, position] = ratios[name] if name in ratios else numeric_column(frame[name])
    matrix[~np.isfinite(matrix)] = np.nan
    return np.round(matrix, 6)
