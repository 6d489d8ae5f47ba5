"""What anybody would do without a model of response: whom to write to first, and who is who.

Belongs here: simple rankings, and segments by rule. Does not belong here: who is served (grading).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analysis.promotion.config import (
    LOST_CAUSE,
    PERSUADABLE,
    SLEEPING_DOG,
    SURE_THING,
    PromotionConfig,
)
from orchestration.analysis.promotion.features import LONGEST_SILENCE_DAYS, UNKNOWN_SENSITIVITY

EVERYBODY = "everybody"
SENSITIVE_FIRST = "promo_sensitivity"
FREQUENT_FIRST = "order_count"
RECENT_FIRST = "recency"
RULES = (EVERYBODY, SENSITIVE_FIRST, FREQUENT_FIRST, RECENT_FIRST)
RECENT_ORDER_DAYS = 90


def rule_score(features: pd.DataFrame, name: str) -> np.ndarray:
    """Whom a rule writes to first.

    Args:
        features: promo_sensitivity, order_count, days_since_last_order.
        name: One of RULES.

    Returns:
        Score, higher first, (n,); equal for all under the rule `everybody`.
    """
    if name == EVERYBODY:
        return np.zeros(len(features))
    if name == SENSITIVE_FIRST:
        return _filled(features["promo_sensitivity"], UNKNOWN_SENSITIVITY)
    if name == FREQUENT_FIRST:
        return _filled(features["order_count"], 0)
    return -np.minimum(
        _filled(features["days_since_last_order"], LONGEST_SILENCE_DAYS), LONGEST_SILENCE_DAYS
    )


def segments_by_effect(
    low: np.ndarray,
    high: np.ndarray,
    order_probability: np.ndarray,
    config: PromotionConfig,
) -> np.ndarray:
    """Who is who where experiments tell: only an interval that leaves 0 out says that something is.

    Args:
        low: Low end of the uplift, (n,).
        high: High end, (n,).
        order_probability: Chance to order without a promotion, (n,).
        config: sure_probability.

    Returns:
        Segment per row.
    """
    anyway = np.where(order_probability >= config.sure_probability, SURE_THING, LOST_CAUSE)
    return np.select([low > 0, high < 0], [PERSUADABLE, SLEEPING_DOG], anyway)


def segments_by_rule(
    features: pd.DataFrame, window_days: int, config: PromotionConfig
) -> np.ndarray:
    """Who is who where nobody was ever left alone; nobody is called a sleeping dog.

    A sure thing ordered at least once per window on average in the last quarter. Of the others,
    whoever orders at a discount clearly more often than their exposure explains is persuadable.

    Args:
        features: promo_sensitivity, order_count_90d.
        window_days: Length of the window.
        config: rule_sensitivity.

    Returns:
        Segment per row.
    """
    is_sure = _filled(features["order_count_90d"], 0) * window_days >= RECENT_ORDER_DAYS
    # an unknown sensitivity is no sign of one
    is_sensitive = _filled(features["promo_sensitivity"], 0) >= config.rule_sensitivity
    return np.select([is_sure, is_sensitive], [SURE_THING, PERSUADABLE], LOST_CAUSE)


def _filled(column: pd.Series, otherwise: float) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").astype(float).fillna(otherwise).to_numpy()
