"""What anybody would say without a model: the rules that the model has to beat.

Belongs here: rules and what they predict. Does not belong here: who is served (grading).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

OWN_PAST = "own_past_year"
POPULATION_MEAN = "population_mean"
RULE_NAMES = (OWN_PAST, POPULATION_MEAN)
YEAR_DAYS = 365


def rule_value(
    features: pd.DataFrame,
    name: str,
    *,
    horizon_days: int,
    history_days: int,
    mean_spend: float | None = None,
) -> np.ndarray:
    """Net spend within the horizon, money (n,), >= 0.

    Args:
        features: net_spend_365d.
        name: own_past_year carries everybody's own last year forward; population_mean says the
            mean of it to all.
        horizon_days: Days to look ahead.
        history_days: Days since the company's first order: less than a year is stretched to one.
        mean_spend: The mean, where it was taken of others; None takes it of `features`.

    Returns:
        Predictions, in the order of `features`.
    """
    past = features["net_spend_365d"].to_numpy(dtype=float)
    if name == POPULATION_MEAN:
        mean = past.mean() if mean_spend is None and len(past) else (mean_spend or 0.0)
        past = np.full(len(past), mean)
    return np.maximum(past, 0.0) * stretch(horizon_days, history_days)


def rule_purchases(features: pd.DataFrame, *, horizon_days: int, history_days: int) -> np.ndarray:
    """Purchase days within the horizon as in everybody's own last year, (n,)."""
    past = features["purchase_day_count_365d"].to_numpy(dtype=float)
    return past * stretch(horizon_days, history_days)


def stretch(horizon_days: int, history_days: int) -> float:
    """From what was seen of the last year to the horizon."""
    return horizon_days / min(YEAR_DAYS, max(history_days, 1))
