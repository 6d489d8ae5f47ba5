"""What is known about a customer on a day: which columns, in which group, and their matrix.

Belongs here: the columns read from `customer_features`, the ratios derived from them, and the
matrix the estimators see.
Does not belong here: fitted parameters of any kind (scaling and filling live in the fitted
pipelines), labels, directions that hold for one question only, and the wording of reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Feature:
    """One column of a model.

    Attributes:
        name: Column of the rows, or a ratio of `derived_ratios`.
        group: Reason group its contribution is added to (a key of `reasons.PHRASES`).
    """

    name: str
    group: str


CUSTOMER_FEATURES = (
    Feature("days_since_last_order", "recency"),
    Feature("silence_ratio", "rhythm"),
    Feature("median_days_between_orders", "rhythm"),
    Feature("mean_days_between_orders", "rhythm"),
    Feature("order_count", "frequency"),
    Feature("order_count_30d", "frequency"),
    Feature("order_count_90d", "frequency"),
    Feature("order_count_180d", "frequency"),
    Feature("order_count_365d", "frequency"),
    Feature("purchase_day_count", "frequency"),
    Feature("orders_per_year", "frequency"),
    Feature("net_spend", "spend"),
    Feature("net_spend_30d", "spend"),
    Feature("net_spend_90d", "spend"),
    Feature("net_spend_365d", "spend"),
    Feature("average_order_value", "spend"),
    Feature("unit_count", "spend"),
    Feature("tenure_days", "tenure"),
    Feature("days_since_first_order", "tenure"),
    Feature("days_first_to_last_order", "tenure"),
    Feature("silent_share", "recency"),
    Feature("days_since_last_seen", "contact"),
    Feature("days_since_last_event", "visits"),
    Feature("interaction_count_365d", "contact"),
    Feature("event_count_30d", "engagement"),
    Feature("event_count_90d", "engagement"),
    Feature("event_count_365d", "engagement"),
    Feature("view_count_90d", "engagement"),
    Feature("search_count_90d", "engagement"),
    Feature("favorite_count_90d", "engagement"),
    Feature("cart_count_90d", "engagement"),
    Feature("share_count_365d", "engagement"),
    Feature("active_days_30d", "engagement"),
    Feature("active_days_90d", "engagement"),
    Feature("session_count_90d", "engagement"),
    Feature("distinct_product_count", "variety"),
    Feature("distinct_category_count", "variety"),
    Feature("distinct_channel_count", "channel"),
    Feature("store_order_share", "channel"),
    Feature("discount_share", "promotion"),
    Feature("coupon_order_share", "promotion"),
    Feature("refund_share", "refunds"),
    Feature("refunded_amount", "refunds"),
    Feature("night_order_share", "habits"),
    Feature("weekend_order_share", "habits"),
    Feature("is_member", "loyalty"),
    Feature("points_balance", "loyalty"),
)


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


def available_features(frame: pd.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Those of the features that the frame can supply and that vary in it, in the declared order.

    A constant column (a company without an app has no events) teaches nothing, and would start to
    matter at random if it began to vary after training.
    """
    ratios = derived_ratios(frame)
    kept = []
    for feature in features:
        if feature.name not in frame and feature.name not in ratios:
            continue
        values = ratios.get(feature.name)
        values = numeric_column(frame[feature.name]) if values is None else values
        known = values[np.isfinite(values)]
        has_gaps = 0 < len(known) < len(values)
        if len(known) and (has_gaps or known.min() < known.max()):
            kept.append(feature)
    return tuple(kept)


def feature_matrix(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Build the matrix the estimators see.

    Args:
        frame: Rows to score or to learn from.
        names: Features in the order the model was trained with.

    Returns:
        float64, shape (len(frame), len(names)); NaN where unknown.

    Raises:
        ValueError: A feature of the model is missing from the frame.
    """
    ratios = derived_ratios(frame)
    missing = [name for name in names if name not in frame and name not in ratios]
    if missing:
        raise ValueError(f"the rows lack {missing}, which the model was trained on")
    matrix = np.empty((len(frame), len(names)), dtype="float64")
    for position, name in enumerate(names):
        matrix[:, position] = ratios[name] if name in ratios else numeric_column(frame[name])
    matrix[~np.isfinite(matrix)] = np.nan
    return np.round(matrix, 6)
