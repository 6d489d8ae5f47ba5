"""How much a customer spends on a purchase day: the Gamma-Gamma model.

Spend of a day is gamma distributed around a level of the customer's own; levels are spread so that
the answer is a weighted mean of what the customer spent and what customers spend.
Belongs here: its likelihood, its fit and its fallbacks, the expected spend.
Does not belong here: how often somebody buys (purchases).

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

MIN_REPEAT_BUYERS = 50
STARTS = ((6.0, 4.0), (1.5, 2.0), (20.0, 10.0))
LOG_BOUNDS = (-4.0, 7.0)
# A q of one has no mean and little above it a mean of outliers only.
MIN_Q = 1.2
# What is assumed of few customers: days vary like an exponential, levels by two thirds of the mean.
DEFAULT_P, DEFAULT_Q = 1.5, 3.5


@dataclass(frozen=True)
class SpendModel:
    """Parameters of the Gamma-Gamma model, money in the business currency.

    Attributes:
        p: Shape of a day's spend.
        q: Shape of the customers' levels, > 1.
        v: Scale of the customers' levels, money.
    """

    p: float
    q: float
    v: float

    @property
    def population_mean(self) -> float:
        """Mean spend of a purchase day over customers."""
        return self.p * self.v / (self.q - 1)

    def log_likelihood(self, day_count: np.ndarray, mean_spend: np.ndarray) -> float:
        """Of mean spends over so many days each, both (n,) and positive; in nats."""
        p, q, v = self.p, self.q, self.v
        shape = p * day_count
        return float(
            (
                gammaln(shape + q)
                - gammaln(shape)
                - gammaln(q)
                + q * np.log(v)
                + (shape - 1) * np.log(mean_spend)
                + shape * np.log(day_count)
                - (shape + q) * np.log(v + day_count * mean_spend)
            ).sum()
        )

    def expected_spend(self, day_count: np.ndarray, net_spend: np.ndarray) -> np.ndarray:
        """Expected net spend of a later purchase day, (n,).

        Args:
            day_count: Purchase days so far, >= 0.
            net_spend: Money of all of them net of refunds. Whoever got back as much as was paid,
                or more, counts as having spent nothing: the answer is then low, not negative.
        """
        return self.p * self.scale(net_spend) / (self.p * day_count + self.q - 1)

    def scale(self, net_spend: np.ndarray) -> np.ndarray:
        """What sums of later spend are proportional to, money, (n,)."""
        return self.v + np.maximum(net_spend, 0.0)


@dataclass(frozen=True)
class FittedSpend:
    """A spend model with where its parameters come from.

    Attributes:
        model: The model.
        method: 'maximum likelihood' or 'default shapes'.
        customers: How many customers it was fitted on.
        note: A plain sentence on what was done.
    """

    model: SpendModel
    method: str
    customers: int
    note: str


def fit_spend(
    day_count: np.ndarray, net_spend: np.ndarray, *, min_day_count: int = 2
) -> FittedSpend:
    """Fit the model on customers who came back and spent something.

    Others tell nothing of how much one customer's days differ; and a gamma has no zeros.

    Args:
        day_count: Purchase days that net_spend is the sum of, (n,).
        net_spend: Money net of refunds, (n,).
        min_day_count: Purchase days of a customer who came back; 1 where the first is left out.

    Returns:
        A model in every case. Where fewer than MIN_REPEAT_BUYERS remain, or where the likelihood
        ends on a boundary, shapes are the default ones and the mean is the customers'.
    """
    spending = (day_count > 0) & (net_spend > 0)
    fits = spending & (day_count >= min_day_count)
    days, money = day_count[fits].astype(float), net_spend[fits].astype(float)
    reason = f"only {fits.sum()} customers came back and spent something"
    if fits.sum() >= MIN_REPEAT_BUYERS:
        model = _search(days, money / days)
        if model:
            return _fitted(model, "maximum likelihood", len(days), "")
        reason = "the likelihood has its maximum at a boundary"
    total, count = net_spend[spending].sum(), day_count[spending].sum()
    mean = float(total / count) if count else 0.0
    # nothing was ever spent: any positive scale answers with about nothing
    v = max(mean, 0.01) * (DEFAULT_Q - 1) / DEFAULT_P
    model = SpendModel(DEFAULT_P, DEFAULT_Q, v)
    return _fitted(model, "default shapes", int(spending.sum()), f" because {reason}")


def _fitted(model: SpendModel, method: str, customers: int, reason: str) -> FittedSpend:
    note = (
        f"Gamma-Gamma by {method}{reason}: {customers} customers, p {model.p:.3f}, "
        f"q {model.q:.3f}, v {model.v:.2f}, mean {model.population_mean:.2f}."
    )
    return FittedSpend(model, method, customers, note)


def _search(days: np.ndarray, mean_spend: np.ndarray) -> SpendModel | None:
    """The best end of several starts; None when it lies on a boundary.

    Money is divided by its mean first, so that yen and dollars take the same path.
    """
    unit = float(mean_spend.mean())
    relative = mean_spend / unit

    def objective(logs: np.ndarray) -> float:
        return -SpendModel(*np.exp(logs)).log_likelihood(days, relative) / len(days)

    ends = [
        minimize(
            objective,
            np.log([p, q, (q - 1) / p]),
            method="L-BFGS-B",
            jac="3-point",
            bounds=[LOG_BOUNDS] * 3,
            options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
        )
        for p, q in STARTS
    ]
    best = min(ends, key=lambda end: end.fun)
    p, q, v = np.exp(best.x).tolist()
    low, high = LOG_BOUNDS
    is_inside = ((best.x > low + 0.01) & (best.x < high - 0.01)).all()
    return SpendModel(p, q, v * unit) if is_inside and q >= MIN_Q else None
