"""How far the value of the coming year may lie from the expected one.

Belongs here: the distribution of the sum that somebody spends within a horizon, and its quantiles.
Does not belong here: parameters; what is expected on average.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from orchestration.analysis.lifetime.histories import Histories
from orchestration.analysis.lifetime.purchases import PurchaseProcess
from orchestration.analysis.lifetime.spend import SpendModel

COVERAGE = 0.90
# Points per customer; a quantile of ten times as many differs by about one per cent.
POINTS = 400
BATCH = 5_000


def outlook(
    process: PurchaseProcess,
    spend: SpendModel,
    histories: Histories,
    *,
    horizon_days: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected purchases, and the interval of what will be spent, per history.

    The sum is followed through 400 evenly spread points of three dimensions: how many purchases,
    how much the days vary, where the customer's level lies. The points are the same for everybody,
    which makes answers repeatable and comparable. Sums are proportional to `SpendModel.scale`, so
    customers who differ in money only share one answer.

    Where nothing at all happens with a chance of 5 % or more the interval begins at nothing, and
    the whole tenth that it leaves out lies above. Otherwise a twentieth lies on either side.

    Args:
        process: Says how often.
        spend: Says how much.
        histories: Whom it is about.
        horizon_days: How far to look.

    Returns:
        Expected purchase days, low and high end, each (n,); ends in units of SpendModel.scale.
    """
    expected, low, high = (np.zeros(len(histories)) for _ in range(3))
    # people of a similar pace share a batch: its longest tail is followed for all
    order = np.argsort(histories.frequency / (process.alpha + histories.age_days), kind="stable")
    varied = _spread(1)
    levels, level_of = histories.by_frequency
    level = gammaincinv(spend.q + spend.p * (levels + 1)[:, None], _spread(2))
    sums = np.zeros((1, POINTS))
    edge = (1 - COVERAGE) / 2
    ranks = [int(POINTS * edge), int(POINTS * (1 - 2 * edge)), int(POINTS * (1 - edge))]
    at_least = 1 - (np.arange(POINTS) + 0.5) / POINTS
    for start in range(0, len(histories), BATCH):
        rows = order[start : start + BATCH]
        count = np.zeros((len(rows), POINTS), dtype=np.int32)
        nothing = np.ones(len(rows))
        chances = process.count_chances(histories.part(rows), horizon_days)
        for number, chance in enumerate(chances):
            expected[rows] += chance
            nothing = 1 - chance if number == 0 else nothing
            if chance.max() > at_least[-1]:
                count += chance[:, None] > at_least
        longest = int(count.max(initial=0))
        if longest >= len(sums):
            shapes = spend.p * np.arange(len(sums), longest + 1)
            sums = np.vstack([sums, gammaincinv(shapes[:, None], varied)])
        spent = sums[count, np.arange(POINTS)] / level[level_of[rows]]
        spent.partition(ranks, axis=1)
        may_be_nothing = nothing >= edge
        low[rows] = np.where(may_be_nothing, 0.0, spent[:, ranks[0]])
        high[rows] = np.where(may_be_nothing, spent[:, ranks[1]], spent[:, ranks[2]])
    return expected, low, high


def _spread(dimension: int) -> np.ndarray:
    """Points in (0, 1) that, beside an even grid, fill a cube evenly; (POINTS,).

    Source: Roberts (2018), The Unreasonable Effectiveness of Quasirandom Sequences.
    """
    plastic = 1.32471795724474602596
    return (0.5 + np.arange(POINTS) * plastic**-dimension) % 1.0
