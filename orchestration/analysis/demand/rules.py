"""The simple rules that a forecast has to beat; each looks at one series only.

Belongs here: rules. Does not belong here: models (methods), grading.
"""

from __future__ import annotations

import numpy as np

SEASONAL = "seasonal_naive"
LAST_WEEK = "last_week"
FOUR_WEEKS = "four_week_mean"
#: The first of equals is taken: where nothing is known, the steadiest.
RULE_NAMES = (FOUR_WEEKS, SEASONAL, LAST_WEEK)


def apply_rule(name: str, series: np.ndarray, steps: int, season_weeks: int) -> np.ndarray:
    """Forecast each series by a rule.

    Args:
        name: One of RULE_NAMES.
        series: (N, T).
        steps: Weeks ahead.
        season_weeks: What the seasonal rule repeats: the weeks a year before, or of the last month
            in a company that has not seen a year. No longer than T.

    Returns:
        (N, steps).
    """
    length = series.shape[1]
    if name == SEASONAL:
        season = min(season_weeks, length)
        return series[:, length - season + np.arange(steps) % season]
    recent = series[:, -1:] if name == LAST_WEEK else series[:, -4:].mean(axis=1, keepdims=True)
    return np.repeat(recent, steps, axis=1)
