"""How weeks of the year differ: promotions by calendar, and a smooth course through the year.

Belongs here: the calendar of weeks, and factors learnt from all categories together, because one
category has too few sales and too few years to tell its own.
Does not belong here: levels and trends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

#: A penalty that about as many weeks outweigh; with one year seen, factors stay half as strong.
PROMOTION_PENALTY = 1.0
COURSE_PENALTY = 4.0
TREND_PENALTY = 4.0
#: Below this a year is not over often enough to tell its course from a trend.
MIN_WEEKS_FOR_COURSE = 52
HARMONICS = 2


@dataclass(frozen=True)
class Promotions:
    """Seasons of offers, the same days every year.

    Attributes:
        codes: Names, (K,).
        spans: First and last day as MMDD, (K,).
    """

    codes: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def from_frame(periods: pd.DataFrame) -> Promotions:
        """From the seed promotion_period: code, starts, ends."""
        rows = periods.sort_values("code")
        return Promotions(
            tuple(rows["code"]), tuple(zip(rows["starts"], rows["ends"], strict=True))
        )

    def day_shares(self, weeks: Sequence[date]) -> np.ndarray:
        """Share of each week's days within each season, (len(weeks), K)."""
        shares = np.zeros((len(weeks), len(self.codes)))
        for row, week in enumerate(weeks):
            days = [f"{week + timedelta(days=day):%m%d}" for day in range(7)]
            for column, (starts, ends) in enumerate(self.spans):
                shares[row, column] = sum(starts <= day <= ends for day in days) / 7
        return shares


def calendar_factors(
    total: np.ndarray, weeks: Sequence[date], promotions: Promotions
) -> np.ndarray | None:
    """Factor of each week against an ordinary one, learnt from total sales.

    A ridge regression of the logarithm on promotions, a smooth course through the year and a
    straight trend; the trend is left to the smoothing afterwards.

    Args:
        total: Units of the known weeks, (T,).
        weeks: Mondays of known weeks and of those that follow, (T + more,).
        promotions: Seasons of offers.

    Returns:
        (T + more,), around 1; None when less than half a year or nothing was sold.
    """
    known = len(total)
    if known < MIN_WEEKS_FOR_COURSE // 2 or total.sum() <= 0:
        return None
    offers = promotions.day_shares(weeks)
    angle = 2 * np.pi * np.array([week.timetuple().tm_yday for week in weeks]) / 365.25
    course = [
        wave(number * angle)
        for number in range(1, HARMONICS + 1)
        for wave in (np.sin, np.cos)
        if known >= MIN_WEEKS_FOR_COURSE
    ]
    seasonal = np.column_stack([offers, *course])
    trend = (np.arange(len(weeks)) - (known - 1) / 2)[:, None] / 52
    columns = np.column_stack([seasonal, trend])
    penalty = np.array(
        [PROMOTION_PENALTY] * offers.shape[1] + [COURSE_PENALTY] * len(course) + [TREND_PENALTY]
    )
    centre = columns[:known].mean(axis=0)
    design = columns[:known] - centre
    target = np.log(total + 1)
    matrix = design.T @ design + np.diag(penalty * 0.5)
    effect = np.linalg.solve(matrix, design.T @ (target - target.mean()))
    return np.exp((seasonal - centre[:-1]) @ effect[:-1])
