"""How well churn can be foreseen at all: the chance that the simulated process itself implies.

Belongs here: the probabilities of an ideal observer of the buy-till-you-die process.
Does not belong here: collecting histories or writing them down (`truth`), or any model of ours.

Two observers, both without the future:

- one who knows everybody's own rates: the bound that nobody can reach, because a person's rates
  show only through what the person does;
- one who knows how rates are spread over the population and judges each person by their history
  (Bayes): the best that any model of these files can reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PRIOR_SAMPLE = 256
BLOCK = 4_096


@dataclass(frozen=True)
class Rates:
    """Rates per unit of shopping time while alive, of n people.

    Attributes:
        purchase: (n,) visible purchases.
        visits: (n, k) visits to each of k touchpoints; 0 for people who never come there.
        dropout: (n,) dropouts.
    """

    purchase: np.ndarray
    visits: np.ndarray
    dropout: np.ndarray

    @property
    def all_visits(self) -> np.ndarray:
        """(n,) visits to any touchpoint."""
        return self.visits.sum(axis=1)


@dataclass(frozen=True)
class Histories:
    """What is visible of n people up to one moment, in shopping time.

    Attributes:
        age: (n,) since the first visible purchase.
        gap: (n,) since the last sign of life, a purchase or a visit; at most `age`.
        repeats: (n,) visible purchases after the first.
        visits: (n, k) visits to each of k touchpoints.
        visit_age: (n, k) since the person could first visit the touchpoint; 0 for those who
            do not.
    """

    age: np.ndarray
    gap: np.ndarray
    repeats: np.ndarray
    visits: np.ndarray
    visit_age: np.ndarray

    def where(self, chosen) -> Histories:
        """The chosen people only."""
        return Histories(*(getattr(self, name)[chosen] for name in Histories.__annotations__))


def churn_probability(gap: np.ndarray, horizon: float, rates: Rates) -> np.ndarray:
    """Chance of no purchase within the horizon when the true rates are known.

    Args:
        gap: Shopping time since the last sign of life (purchase or visit); (n,) or (n, 1).
        horizon: Shopping time of the horizon.
        rates: True rates of n or, for a gap of shape (n, 1), of m people.

    Returns:
        Probability, (n,) or (n, m).

    Source: Schmittlein, Morrison and Colombo (1987), Counting Your Customers, eq. 4, for known
        rates: P(alive) = 1 / (1 + mu / (k + mu) * (exp((k + mu) * gap) - 1)).
    """
    both = rates.purchase + rates.all_visits + rates.dropout
    odds = rates.dropout / both * np.expm1(np.minimum(both * gap, 500.0))
    alive = 1.0 / (1.0 + odds)
    leave = rates.purchase + rates.dropout
    silent = np.exp(-leave * horizon)
    none_if_alive = silent + rates.dropout / leave * (1.0 - silent)
    return 1.0 - alive * (1.0 - none_if_alive)


def reachable_churn_probability(histories: Histories, horizon: float, prior: Rates) -> np.ndarray:
    """Chance of no purchase within the horizon for somebody who knows only the history.

    Args:
        histories: What is visible.
        horizon: Shopping time of the horizon.
        prior: Rates of a sample of the population, (m,); the observer's knowledge before looking.

    Returns:
        Posterior mean of churn_probability, (n,).

    Source: Bayes' rule over the sample, with the likelihood of a Pareto/NBD history: purchases and
        visits are Poisson while alive, and the person dropped out after the last sign or never.
    """
    probability = np.empty(len(histories.age))
    for start in range(0, len(probability), BLOCK):
        block = slice(start, start + BLOCK)
        part = histories.where(block)
        weight = _log_likelihood(part, prior)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        implied = churn_probability(part.gap[:, None], horizon, prior)
        probability[block] = (weight * implied).sum(axis=1) / weight.sum(axis=1)
    return probability


def _log_likelihood(history: Histories, rates: Rates) -> np.ndarray:
    """Log-likelihood of each of n histories under each of m sampled people's rates; (n, m)."""
    both = rates.purchase + rates.all_visits + rates.dropout
    # visits count from when the touchpoint was first used, purchases from the first purchase
    offset = (history.visit_age - history.age[:, None]) @ rates.visits.T
    # no visit is no contradiction to a rate of 0
    rate_log = np.log(np.where(rates.visits > 0, rates.visits, 1.0))
    seen = history.repeats[:, None] * np.log(rates.purchase) + history.visits @ rate_log.T
    gap = history.gap[:, None]
    last = history.age[:, None] - gap
    dropped = rates.dropout / both
    # survived everything, or dropped out between the last sign and now
    stayed = np.log(np.exp(-both * gap) * (1.0 - dropped) + dropped)
    return seen - offset - both * last + stayed
