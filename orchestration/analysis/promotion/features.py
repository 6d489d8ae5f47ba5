"""What a customer is like before a campaign, as numbers without gaps.

Belongs here: which columns are used, how they are bent to be of use to a linear model.
Does not belong here: scaling that is learnt from the data (learners).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Silence beyond two years is as good as never.
LONGEST_SILENCE_DAYS = 730
#: Whoever has no order is as sensitive as the middle of the scale: nobody knows.
UNKNOWN_SENSITIVITY = 0.5

#: Counts and money spread over powers of ten; their logarithm does not.
AMOUNTS = (
    "order_count_90d",
    "order_count_365d",
    "net_spend_365d",
    "average_order_value",
    "distinct_category_count",
    "event_count_90d",
    "message_count_365d",
    "message_open_count_365d",
    "message_click_count_365d",
    "coupon_redemption_count_365d",
)
SHARES = ("discount_share", "coupon_order_share", "store_order_share")
DAYS = ("days_since_last_order", "tenure_days")
FEATURES = (*AMOUNTS, *SHARES, *DAYS, "is_member", "promo_sensitivity", "order_count")


def covariates(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of customer_features as numbers, in a fixed order, without nulls.

    Args:
        frame: FEATURES, as customer_features and segment_history have them.

    Returns:
        One float column per feature; index as in `frame`.

    Raises:
        ValueError: A column is missing.
    """
    missing = [name for name in FEATURES if name not in frame]
    if missing:
        raise ValueError(f"customer features lack {missing}; have {sorted(frame)}")

    def number(name: str, otherwise: float = 0.0) -> pd.Series:
        return pd.to_numeric(frame[name], errors="coerce").astype(float).fillna(otherwise)

    columns = {name: np.log1p(number(name).clip(lower=0)) for name in AMOUNTS}
    columns |= {name: number(name).clip(0, 1) for name in SHARES}
    columns |= {
        name: np.log1p(number(name, LONGEST_SILENCE_DAYS).clip(0, LONGEST_SILENCE_DAYS))
        for name in DAYS
    }
    columns["is_member"] = frame["is_member"].astype("boolean").fillna(False).astype(float)
    columns["promo_sensitivity"] = number("promo_sensitivity", UNKNOWN_SENSITIVITY)
    return pd.DataFrame(columns, index=frame.index)
