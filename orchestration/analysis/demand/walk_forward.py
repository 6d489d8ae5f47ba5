"""Forecasts as they would have been made on earlier days, beside what then was sold.

Belongs here: origins, every candidate at every origin, the choice that was possible at each.
Does not belong here: candidates (methods, rules), who is served (grading).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from orchestration.analysis.demand.config import DemandConfig
from orchestration.analysis.demand.methods import SPLITS, Known, forecast_categories
from orchestration.analysis.demand.panel import Panel
from orchestration.analysis.demand.rules import RULE_NAMES, apply_rule
from orchestration.analysis.demand.seasons import Promotions

#: What is taken where nothing could be tried yet: it assumes least.
FIRST_CANDIDATE = "level + shares_of_13_weeks"


@dataclass(frozen=True)
class Origin:
    """One day of the walk-forward.

    Attributes:
        week_number: Weeks known on that day.
        actual: Units sold in the weeks that were forecast, (S, C, H).
        said: Candidate or rule to forecast, (S, C, H) each.
        scale: Mean change from week to week before that day, (S, C); what MASE divides by.
        weight: Purchase lines per unit of each category, (C,).
    """

    week_number: int
    actual: np.ndarray
    said: dict[str, np.ndarray]
    scale: np.ndarray
    weight: np.ndarray

    @property
    def sold(self) -> float:
        """What was sold, in purchase lines."""
        return float((self.actual * self.weight[:, None]).sum())

    def missed(self, name: str) -> np.ndarray:
        """By how much a candidate or rule was off, in purchase lines, (S, C, H)."""
        return (self.said[name] - self.actual) * self.weight[:, None]


@dataclass(frozen=True)
class Walk:
    """All origins, oldest first, and the length of the season that the seasonal rule repeats."""

    origins: tuple[Origin, ...]
    season_weeks: int

    def closed_before(self, week_number: int, span: int) -> list[Origin]:
        """Origins of which everything forecast was known when so many weeks were."""
        return [origin for origin in self.origins if origin.week_number + span <= week_number]


def walk_forward(panel: Panel, promotions: Promotions, config: DemandConfig) -> Walk:
    """Forecast from every origin with every candidate.

    Args:
        panel: All known weeks.
        promotions: Seasons of offers.
        config: Lengths.

    Returns:
        The walk; without origins when history is too short.
    """
    span = panel.gap_weeks + config.horizon_weeks
    last = panel.week_count - span
    numbers = list(range(last, config.min_training_weeks - 1, -config.origin_step_weeks))
    numbers = sorted(numbers[: config.max_origins])
    season = season_length(numbers, config)
    if season == config.season_weeks:
        # a rule that repeats a year is compared where a year was known
        numbers = [number for number in numbers if number >= season]
    return Walk(tuple(_origin(panel, n, promotions, season, config) for n in numbers), season)


def season_length(numbers: list[int], config: DemandConfig) -> int:
    """A year where enough origins, given as numbers of weeks known, know one; else a month."""
    knowing = sum(number >= config.season_weeks for number in numbers)
    return config.season_weeks if knowing >= config.min_origins else config.short_season_weeks


def candidates(panel: Panel, promotions: Promotions, horizon_weeks: int) -> dict[str, np.ndarray]:
    """What every candidate says of the weeks after the panel's gap, (S, C, H) each."""
    steps = panel.gap_weeks + horizon_weeks
    weeks = panel.weeks(0, panel.week_count + steps)
    known = Known(panel.by_category, weeks, promotions)
    shares = {name: split(panel.units) for name, split in SPLITS.items()}
    return {
        f"{method} + {split}": share[:, :, None] * forecast[None, :, panel.gap_weeks :]
        for method, forecast in forecast_categories(known).items()
        for split, share in shares.items()
    }


def rules(panel: Panel, season_weeks: int, horizon_weeks: int) -> dict[str, np.ndarray]:
    """What every rule says of each segment and category, (S, C, H) each."""
    segments, categories, length = panel.units.shape
    series = panel.units.reshape(-1, length)
    steps = panel.gap_weeks + horizon_weeks
    return {
        name: apply_rule(name, series, steps, season_weeks)[:, panel.gap_weeks :].reshape(
            segments, categories, horizon_weeks
        )
        for name in RULE_NAMES
    }


def best_candidate(origins: list[Origin], available: Iterable[str]) -> str:
    """The candidate with the least error over origins, the first of equals.

    Methods that need a year are missing at early origins. Candidates are compared where all of
    them spoke; where that is nowhere, the ones that always spoke are.

    Args:
        origins: Days whose outcome is known.
        available: Names of which one is wanted; rules among them are left out.
    """
    names = [name for name in available if name not in RULE_NAMES]
    complete = [origin for origin in origins if all(name in origin.said for name in names)]
    if not complete:
        complete = origins
        names = [name for name in names if all(name in origin.said for origin in origins)]
    if not complete or not names:
        return FIRST_CANDIDATE
    return min(names, key=lambda name: mean_wape(complete, name))


def best_rule(origins: list[Origin]) -> str:
    """The rule that misses pairs least over origins, as the contest is about pairs.

    The first of RULE_NAMES among equals, and where there are no origins.
    """
    return min(
        RULE_NAMES,
        key=lambda name: sum(np.abs(origin.missed(name)).sum() for origin in origins),
    )


def mean_wape(origins: list[Origin], name: str) -> float:
    """Mean of the errors of pairs, of categories and of the total; infinite when nothing sold.

    Sums matter as much as the pairs: stock is bought for a category, whoever buys it.
    """
    sold = sum(origin.sold for origin in origins)
    if sold <= 0:
        return float("inf")
    misses = [origin.missed(name) for origin in origins]
    parts = [np.abs(miss.sum(axis=axes)).sum() for miss in misses for axes in ((), 0, (0, 1))]
    return float(sum(parts) / sold / 3)


def _origin(
    panel: Panel, number: int, promotions: Promotions, season: int, config: DemandConfig
) -> Origin:
    before = panel.before(number)
    start = number + panel.gap_weeks
    return Origin(
        week_number=number,
        actual=panel.units[:, :, start : start + config.horizon_weeks],
        said={
            **candidates(before, promotions, config.horizon_weeks),
            **rules(before, season, config.horizon_weeks),
        },
        scale=np.abs(np.diff(before.units, axis=2)).mean(axis=2),
        weight=panel.weight,
    )
