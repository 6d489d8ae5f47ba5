"""What the models know of customers' purchases: three numbers each, and how many share them.

Belongs here: the shape that models of purchases are fitted on and asked about.
Does not belong here: models; money.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

# Days fit into 20 bits (2,800 years), so three numbers make one sortable integer.
_DAY_BITS = 20


@dataclass(frozen=True)
class Histories:
    """Purchase histories, one entry each; a purchase is a day with at least one valid order.

    Attributes:
        frequency: Purchase days after the first one, >= 0 (x), float64 (n,).
        recency_days: Days from the first to the last purchase day (t_x), float64 (n,).
        age_days: Days from the first purchase day to the as-of date (T), >= recency_days.
        weight: How many customers have this history, float64 (n,).
    """

    frequency: np.ndarray
    recency_days: np.ndarray
    age_days: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.frequency)

    @cached_property
    def by_frequency(self) -> tuple[np.ndarray, np.ndarray]:
        """Different frequencies, and per entry the position of its own.

        Gamma functions cost more than all else and depend on the frequency alone.
        """
        return np.unique(self.frequency, return_inverse=True)

    @property
    def customers(self) -> float:
        """How many customers all of them stand for."""
        return float(self.weight.sum())

    @property
    def repeat_buyers(self) -> float:
        """How many of them bought on more than one day."""
        return float(self.weight[self.frequency > 0].sum())

    def part(self, rows: slice | np.ndarray) -> Histories:
        """Some of the entries."""
        return Histories(
            self.frequency[rows], self.recency_days[rows], self.age_days[rows], self.weight[rows]
        )


def histories_of(features: pd.DataFrame) -> tuple[Histories, np.ndarray]:
    """The different histories of customers: many share one, and models look at each once.

    Args:
        features: purchase_day_count (>= 1), days_first_to_last_order, days_since_first_order.

    Returns:
        Different histories in a fixed order, and per row of `features` the position of its own.

    Raises:
        ValueError: Somebody's last purchase lies outside of first purchase and as-of date.
    """
    frequency = features["purchase_day_count"].to_numpy(dtype=np.int64) - 1
    recency = features["days_first_to_last_order"].to_numpy(dtype=np.int64)
    age = features["days_since_first_order"].to_numpy(dtype=np.int64)
    wrong = (frequency < 0) | (recency < 0) | (age < recency)
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {len(wrong)} customers have no purchase, or a last one outside "
            "of first purchase and as-of date; build customer_features again"
        )
    code = (((frequency << _DAY_BITS) | recency) << _DAY_BITS) | age
    different, position, weight = np.unique(code, return_inverse=True, return_counts=True)
    mask = (1 << _DAY_BITS) - 1
    return (
        Histories(
            (different >> 2 * _DAY_BITS).astype(float),
            (different >> _DAY_BITS & mask).astype(float),
            (different & mask).astype(float),
            weight.astype(float),
        ),
        position,
    )
