"""Exponential smoothing of many series at once: level, damped trend, seasons that multiply.

The parameters are searched on a grid, because all series of a grid are one block of numbers:
a thousand series take as long as one does in a numerical search, and the answer cannot end in
another valley on another machine.
Belongs here: the recursions of Holt and Winters, the grid, the choice per series.
Does not belong here: which of them is used (methods), anything about shops.

Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing; ETS(A,N,N),
ETS(A,Ad,N) and Holt-Winters' damped method with multiplicative seasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

#: Weeks whose mean is the level before the first of them.
LEVEL_WEEKS = 4
ALPHAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)
TREND_SHARES = (0.05, 0.2)
DAMPINGS = (0.8, 0.9, 0.97)
GAMMAS = (0.0, 0.1, 0.3)
SEASONAL_ALPHAS = (0.05, 0.1, 0.2, 0.35, 0.5)


@dataclass(frozen=True)
class Grid:
    """Smoothing parameters that are tried, each (P,); beta and gamma as in the classical formulas.

    Attributes:
        alpha: Weight of the newest week in the level.
        beta: Weight of the newest step in the trend.
        phi: What remains of the trend after a week.
        gamma: Weight of the newest week in its season.
    """

    alpha: np.ndarray
    beta: np.ndarray
    phi: np.ndarray
    gamma: np.ndarray

    @staticmethod
    def of(rows: list[tuple[float, float, float, float]]) -> Grid:
        """From rows of the four parameters."""
        return Grid(*np.array(rows, dtype=float).T)


SIMPLE = Grid.of([(alpha, 0.0, 0.0, 0.0) for alpha in ALPHAS])
DAMPED = Grid.of(
    [
        *((alpha, 0.0, 0.0, 0.0) for alpha in ALPHAS),
        *((a, share, phi, 0.0) for a, share, phi in product(ALPHAS, TREND_SHARES, DAMPINGS)),
    ]
)
SEASONAL = Grid.of(
    [
        (alpha, beta, phi, gamma)
        for alpha, gamma in product(SEASONAL_ALPHAS, GAMMAS)
        for beta, phi in ((0.0, 0.0), (0.05, 0.9))
    ]
)


def smooth(
    series: np.ndarray,
    steps: int,
    grid: Grid = SIMPLE,
    *,
    first_seasons: np.ndarray | None = None,
) -> np.ndarray:
    """Forecast each series with the parameters that would have foreseen it best week by week.

    Args:
        series: (N, T), T >= 1.
        steps: Weeks ahead.
        grid: Parameters tried; the first of equally good ones is taken.
        first_seasons: (N, M) factors of the first M weeks around a mean of 1; None without season.

    Returns:
        (N, steps), not below zero.
    """
    count, length = series.shape
    seasons = None
    if first_seasons is not None:
        season_length = first_seasons.shape[1]
        seasons = np.broadcast_to(
            first_seasons[None], (len(grid.alpha), count, season_length)
        ).copy()
    start = _first_level(series, first_seasons)
    level = np.broadcast_to(start, (len(grid.alpha), count)).copy()
    trend = np.zeros_like(level)
    error = np.zeros_like(level)
    alpha, beta, phi, gamma = (
        part[:, None] for part in (grid.alpha, grid.beta, grid.phi, grid.gamma)
    )
    for week in range(length):
        observed = series[:, week]
        ahead = level + phi * trend
        factor = 1.0 if seasons is None else seasons[:, :, week % season_length]
        error += (observed - ahead * factor) ** 2
        new_level = alpha * (observed / factor) + (1 - alpha) * ahead
        trend = beta * (new_level - level) + (1 - beta) * phi * trend
        if seasons is not None:
            seasons[:, :, week % season_length] = gamma * _ratio(observed, ahead, factor) + (
                (1 - gamma) * factor
            )
        level = new_level
    best = np.argmin(error, axis=0)
    rows = np.arange(count)
    level, trend, damping = level[best, rows], trend[best, rows], grid.phi[best]
    answers = np.empty((count, steps))
    carried = np.zeros(count)
    for step in range(steps):
        carried += damping ** (step + 1)
        answers[:, step] = level + carried * trend
        if seasons is not None:
            answers[:, step] *= seasons[best, rows, (length + step) % season_length]
    return np.maximum(answers, 0.0)


def _first_level(series: np.ndarray, first_seasons: np.ndarray | None) -> np.ndarray:
    if first_seasons is None:
        return series[:, :LEVEL_WEEKS].mean(axis=1)
    return (series[:, : first_seasons.shape[1]] / first_seasons).mean(axis=1)


def _ratio(observed: np.ndarray, ahead: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Observed week over expected level; the factor as it is where there is no level."""
    usable = ahead > 0
    return np.where(usable, observed / np.where(usable, ahead, 1.0), factor)
