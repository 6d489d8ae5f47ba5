"""What else tells that a customer is still there: visits, looks, late orders.

Belongs here: a factor on what purchase histories alone expect, learnt from a window that is over.
Does not belong here: purchase histories (purchases, spend), and whether the factor is served
(scoring).

A history of orders cannot tell who left from who merely has a long pause; somebody who looked
around yesterday is no leaver. A Poisson regression of money spent over money expected finds how
much each sign is worth. Half of its log is believed: of what one window shows, about so much comes
again in the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SIGNS = (
    "days_since_last_event",
    "event_count_30d",
    "event_count_90d",
    "event_count_365d",
    "active_days_30d",
    "active_days_90d",
    "cart_count_90d",
    "view_count_90d",
    "search_count_90d",
    "days_since_last_seen",
    "days_since_last_order",
    "order_count_30d",
    "order_count_90d",
    "order_count_365d",
)
BELIEVED_PART = 0.5
# Nobody's value is more than doubled or halved twice over by signs.
LARGEST_FACTOR = 4.0
PENALTY = 1e-3
# Customers without whom a dozen weights are noise.
MIN_CUSTOMERS = 500


@dataclass(frozen=True)
class SignsOfLife:
    """Weights of the signs.

    Attributes:
        means: Of each column of the matrix, over the customers learnt from.
        scales: Standard deviations of the columns.
        weights: Log of the factor per standard deviation, believed part included.
        level: Log of the factor of the mean customer, so that the total stays what it was.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    level: float

    def factor(self, features: pd.DataFrame) -> np.ndarray:
        """What expected purchases are multiplied with, float64 (n,)."""
        scaled = (_matrix(features) - np.array(self.means)) / np.array(self.scales)
        log = self.level + scaled @ np.array(self.weights)
        limit = np.log(LARGEST_FACTOR)
        return np.exp(np.clip(log, -limit, limit))


def signs_of(kept: dict[str, object]) -> SignsOfLife:
    """The weights as they were saved."""
    lists = {name: tuple(value) for name, value in kept.items() if name != "level"}
    return SignsOfLife(**lists, level=kept["level"])


def fit_signs(
    earlier: pd.DataFrame, later: pd.DataFrame, expected: np.ndarray
) -> SignsOfLife | None:
    """Learn what signs of an earlier day were worth.

    Args:
        earlier: SIGNS and net_spend of customers of that day.
        later: net_spend at the end of the window, indexed like `earlier`.
        expected: Money expected of each in the window by purchase history, >= 0, (n,).

    Returns:
        The weights; None where the columns are missing or customers are few.

    Source: Poisson regression with an offset, McCullagh & Nelder (1989).
    """
    from sklearn.linear_model import PoissonRegressor

    if len(earlier) < MIN_CUSTOMERS or any(name not in earlier for name in SIGNS):
        return None
    spent = (later["net_spend"] - earlier["net_spend"]).to_numpy(dtype=float)
    # refunds of what was bought before are no purchases taken back
    spent = np.nan_to_num(np.maximum(spent, 0.0))
    offset = np.maximum(expected, 1.0)
    matrix = _matrix(earlier)
    means, scales = matrix.mean(axis=0), matrix.std(axis=0)
    scales = np.where(scales > 0, scales, 1.0)
    scaled = (matrix - means) / scales
    # money over money expected, weighed by it, is a Poisson regression with that offset
    fitted = PoissonRegressor(alpha=PENALTY, max_iter=500)
    fitted.fit(scaled, spent / offset, sample_weight=offset)
    weights = np.round(BELIEVED_PART * fitted.coef_, 9)
    level = -np.log(np.average(np.exp(scaled @ weights), weights=offset))
    return SignsOfLife(
        tuple(float(value) for value in np.round(means, 9)),
        tuple(float(value) for value in np.round(scales, 9)),
        tuple(float(value) for value in weights),
        round(float(level), 9),
    )


def _matrix(features: pd.DataFrame) -> np.ndarray:
    """Logs of the signs, and whether there was ever a visit; float64 (n, signs + 1)."""
    values = np.column_stack(
        [pd.to_numeric(features[name]).to_numpy(dtype=float, na_value=np.nan) for name in SIGNS]
    )
    never = np.isnan(values[:, [0]]).astype(float)
    return np.round(np.hstack([np.log1p(np.nan_to_num(np.maximum(values, 0.0))), never]), 9)
