"""What is known of a candidate product, as the columns of a matrix.

Belongs here: the list of signals and the two that are made of others. Does not belong here: how a
signal is counted (SQL), what is learnt from it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# columns of int_recommendation_signals, described there and where it has them from
SIGNALS = (
    "order_day_count",
    "order_day_count_365d",
    "order_day_count_90d",
    "days_since_order",
    "days_since_look",
    "look_score",
    "gap_days",
    "similar_score",
    "accessory_score",
    "upgrade_score",
    "popularity",
    "popularity_rank",
    "category_rank",
    "category_share",
    "days_since_category_order",
    "price_distance",
    "customer_order_day_count",
    "days_since_last_order",
    "mean_gap_days",
)
FEATURES = (*SIGNALS, "dueness", "own_share")


def signal_matrix(candidates: pd.DataFrame) -> np.ndarray:
    """Put the signals into a matrix.

    Args:
        candidates: SIGNALS, numbers or null.

    Returns:
        float32 (n, FEATURES); NaN where unknown. dueness is the time since the last purchase of
        the product over its usual gap, own_share the part of purchase days with the product.
    """
    known = {name: candidates[name].to_numpy(dtype=np.float32, na_value=np.nan) for name in SIGNALS}
    dueness = known["days_since_order"] / np.maximum(known["gap_days"], 1)
    own_share = known["order_day_count"] / np.maximum(known["customer_order_day_count"], 1)
    return np.column_stack([*known.values(), dueness, own_share]).astype(np.float32, copy=False)
