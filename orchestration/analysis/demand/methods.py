"""Ways to forecast categories, and ways to split a category among segments.

Belongs here: the candidates. Does not belong here: which of them wins (walk_forward); rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from orchestration.analysis.demand.seasons import Promotions, calendar_factors
from orchestration.analysis.demand.smoothing import DAMPED, SEASONAL, SIMPLE, smooth

YEAR = 52
GROWTH_WEEKS = 8
RECENT_WEEKS = 4
#: Units that a share of everybody weighs in a share of one category.
SHARE_PRIOR_UNITS = 20.0
LEAST_FACTOR = 0.05


@dataclass(frozen=True)
class Known:
    """What a method may look at.

    Attributes:
        series: Units per category and week, (C, T).
        weeks: Mondays of the T weeks and of the `steps` weeks that follow.
        promotions: Seasons of offers.
    """

    series: np.ndarray
    weeks: list[date]
    promotions: Promotions

    @property
    def steps(self) -> int:
        """Weeks ahead."""
        return len(self.weeks) - self.series.shape[1]


def level(known: Known) -> np.ndarray:
    """A level that follows sales: simple exponential smoothing."""
    return smooth(known.series, known.steps, SIMPLE)


def recent_mean(known: Known) -> np.ndarray:
    """The mean of the newest four weeks: the rule, with steadier shares of segments."""
    mean = known.series[:, -RECENT_WEEKS:].mean(axis=1, keepdims=True)
    return np.repeat(mean, known.steps, axis=1)


def damped_trend(known: Known) -> np.ndarray:
    """A level and a trend that fades."""
    return smooth(known.series, known.steps, DAMPED)


def calendar(known: Known) -> np.ndarray | None:
    """Level and fading trend of what the calendar does not explain."""
    factors = calendar_factors(known.series.sum(axis=0), known.weeks, known.promotions)
    if factors is None:
        return None
    length = known.series.shape[1]
    return smooth(known.series / factors[:length], known.steps, DAMPED) * factors[length:]


def holt_winters(known: Known) -> np.ndarray | None:
    """Holt-Winters with 52 seasons that multiply; those of the first year are of all categories."""
    length = known.series.shape[1]
    if length < YEAR + GROWTH_WEEKS:
        return None
    first_year = known.series[:, :YEAR].sum(axis=0)
    if first_year.sum() <= 0:
        return None
    seasons = np.maximum(first_year / first_year.mean(), LEAST_FACTOR)
    seasons = np.broadcast_to(seasons / seasons.mean(), (len(known.series), YEAR))
    return smooth(known.series, known.steps, SEASONAL, first_seasons=seasons)


def last_year_grown(known: Known) -> np.ndarray | None:
    """The category's weeks of a year ago, grown as its newest weeks have."""
    return _grown(known, known.series)


def last_year_half_grown(known: Known) -> np.ndarray | None:
    """The category's weeks of a year ago, grown by the root of that: growth seldom lasts."""
    return _grown(known, known.series, growth_power=0.5)


def common_year_grown(known: Known) -> np.ndarray | None:
    """All categories' weeks of a year ago, at the category's own size of the newest weeks."""
    return _grown(known, np.broadcast_to(known.series.sum(axis=0), known.series.shape))


def _grown(known: Known, pattern: np.ndarray, *, growth_power: float = 1.0) -> np.ndarray | None:
    length = known.series.shape[1]
    if length < YEAR + GROWTH_WEEKS or known.steps > YEAR:
        return None
    newest = known.series[:, -GROWTH_WEEKS:].sum(axis=1)
    year_before = pattern[:, length - GROWTH_WEEKS - YEAR : length - YEAR].sum(axis=1)
    usable = year_before > 0
    ratio = np.where(usable, newest / np.where(usable, year_before, 1.0), 0.0)
    a_year_ago = pattern[:, length - YEAR : length - YEAR + known.steps]
    # sold now, but not at this time of the last year: there is no pattern to grow
    without = np.repeat(newest[:, None] / GROWTH_WEEKS, known.steps, axis=1)
    return np.where(usable[:, None], a_year_ago * ratio[:, None] ** growth_power, without)


METHODS: tuple[Callable[[Known], np.ndarray | None], ...] = (
    level,
    recent_mean,
    damped_trend,
    calendar,
    holt_winters,
    last_year_grown,
    last_year_half_grown,
    common_year_grown,
)
#: Means of methods: their errors cancel in part.
COMBINATIONS = {
    "calendar_and_years": ("calendar", "holt_winters", "common_year_grown"),
    "years": ("holt_winters", "common_year_grown", "last_year_half_grown"),
}


def forecast_categories(known: Known) -> dict[str, np.ndarray]:
    """What every method and combination says, (C, steps) each; without those that know too little.

    Args:
        known: Sales and calendar.

    Returns:
        Name to units per category and week ahead, not below zero.
    """
    said = {}
    for method in METHODS:
        forecast = method(known)
        if forecast is not None:
            said[method.__name__] = forecast
    for name, parts in COMBINATIONS.items():
        if all(part in said for part in parts):
            said[name] = np.mean([said[part] for part in parts], axis=0)
    return said


def recent_shares(units: np.ndarray, weeks: int) -> np.ndarray:
    """Share of each segment in each category over the newest weeks, (S, C).

    Few units say little: the share of the segment in everything weighs SHARE_PRIOR_UNITS.
    """
    recent = units[:, :, -weeks:].sum(axis=2)
    total = recent.sum()
    segments = len(recent)
    of_all = recent.sum(axis=1) / total if total > 0 else np.full(segments, 1 / segments)
    return (recent + SHARE_PRIOR_UNITS * of_all[:, None]) / (recent.sum(axis=0) + SHARE_PRIOR_UNITS)


def forecast_shares(units: np.ndarray) -> np.ndarray:
    """Share of each segment in each category by the smoothed level of each pair, (S, C)."""
    segments, categories, length = units.shape
    levels = smooth(units.reshape(-1, length), 1, SIMPLE).reshape(segments, categories)
    total = levels.sum(axis=0)
    usable = total > 0
    return np.where(usable, levels / np.where(usable, total, 1.0), recent_shares(units, length))


SPLITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shares_of_52_weeks": lambda units: recent_shares(units, 52),
    "shares_of_13_weeks": lambda units: recent_shares(units, 13),
    "shares_of_26_weeks": lambda units: recent_shares(units, 26),
    "smoothed_shares": forecast_shares,
}
