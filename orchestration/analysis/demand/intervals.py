"""How far off forecasts were, as intervals around the next ones.

Belongs here: spread of earlier errors at each level of sums, intervals from it.
Does not belong here: forecasts, and whether the intervals held (grading).

Errors of a count grow with its root where buyers decide on their own, and in proportion where
something moves them all; how much of either is read from the errors themselves. Quantiles of
errors so scaled make the interval, without assuming a distribution.

Source: Vovk, Gammerman & Shafer (2005), split conformal prediction, on scaled residuals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

#: Axes of (S, C, H) that are summed at each level.
LEVELS: dict[str, tuple[int, ...]] = {
    "pair": (),
    "category": (0,),
    "segment": (1,),
    "total": (0, 1),
}
COMMON_PARTS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MIN_ERRORS = 24
LEAST_UNITS = 0.25


@dataclass(frozen=True)
class Spread:
    """Errors at one level.

    Attributes:
        common_part: Variance in proportion to the squared forecast; the rest goes with the
            forecast itself.
        low: Quantile of scaled errors, <= 0.
        high: Quantile of scaled errors, >= 0.
    """

    common_part: float
    low: float
    high: float

    def interval(self, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends around forecasts of any shape, 0 <= low <= said <= high."""
        scale = scale_of(said, self.common_part)
        return np.maximum(said + self.low * scale, 0.0), said + self.high * scale


#: Where too few errors are known: three halves of what independent buyers with a common
#: swing of a fifth would give.
WIDE = Spread(0.05, -2.5, 2.5)


def scale_of(said: np.ndarray, common_part: float) -> np.ndarray:
    """What errors of such forecasts are proportional to, in units."""
    units = np.maximum(said, LEAST_UNITS)
    return np.sqrt(units + common_part * units**2)


def fit_spreads(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]], coverage: float
) -> dict[str, Spread]:
    """Learn the spread of each level from forecasts and what came.

    Args:
        pairs: (said, actual) per origin, each (S, C, H).
        coverage: Share of outcomes that intervals are to hold.

    Returns:
        A spread per level; WIDE where fewer than MIN_ERRORS errors are known.
    """
    known = list(pairs)
    spreads = {}
    for level, axes in LEVELS.items():
        said = _joined(part.sum(axis=axes) for part, _ in known)
        actual = _joined(part.sum(axis=axes) for _, part in known)
        if len(said) < MIN_ERRORS:
            spreads[level] = WIDE
            continue
        draws = len(said) // known[0][0].shape[2]
        spreads[level] = _widened(_fit(said, actual, coverage), draws, coverage)
    return spreads


def ends(said: np.ndarray, spreads: Mapping[str, Spread], level: str):
    """Intervals of the sums at a level: (low, high), shaped like the sums."""
    return spreads[level].interval(said.sum(axis=LEVELS[level]))


def _fit(said: np.ndarray, actual: np.ndarray, coverage: float) -> Spread:
    error = actual - said
    common = max(COMMON_PARTS, key=lambda part: _likelihood(error, scale_of(said, part)))
    scaled = error / scale_of(said, common)
    tail = (1 - coverage) / 2
    low = float(np.quantile(scaled, tail, method="lower"))
    high = float(np.quantile(scaled, 1 - tail, method="higher"))
    return Spread(common, min(low, 0.0), max(high, 0.0))


def _widened(spread: Spread, draws: int, coverage: float) -> Spread:
    """Wider, as Student's distribution is than the normal one, the fewer draws there were.

    The weeks of one series from one origin are one draw: they are too high or too low together.
    """
    from scipy.stats import norm, t

    quantile = (1 + coverage) / 2
    factor = float(t.ppf(quantile, max(draws - 1, 1)) / norm.ppf(quantile))
    return replace(spread, low=spread.low * factor, high=spread.high * factor)


def _likelihood(error: np.ndarray, scale: np.ndarray) -> float:
    """Of normal errors with these scales up to a common factor, in nats per error."""
    variance = float(((error / scale) ** 2).mean())
    return -0.5 * np.log(max(variance, 1e-12)) - float(np.log(scale).mean())


def _joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    flat = [part.ravel() for part in parts]
    return np.concatenate(flat) if flat else np.zeros(0)
