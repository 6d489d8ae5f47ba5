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
    """Rates per unit of shopping time while alive; arrays of one shape.

    Attributes:
        purchase: Visible purchases.
        session: App sessions; 0 for people without the app.
        dropout: Dropouts.
    """

    purchase: np.ndarray
    session: np.ndarray
    dropout: np.ndarray


@dataclass(frozen=True)
class Histories:
    """What is visible of people up to one moment, in shopping time; float64 (n,) each.

    Attributes:
        age: Since the first visible purchase.
        gap: Since the last sign of life, a purchase or a session; at most `age`.
        repeats: Visible purchases after the first.
        sessions: App sessions.
        app_age: Since the app was first used; 0 without it.
    """

    age: np.ndarray
    gap: np.ndarray
    repeats: np.ndarray
    sessions: np.ndarray
    app_age: np.ndarray

    def where(self, chosen) -> Histories:
        """The chosen people only."""
        return Histories(*(getattr(self, name)[chosen] for name in Histories.__annotations__))


def churn_probability(gap: np.ndarray, horizon: float, rates: Rates) -> np.ndarray:
    """Chance of no purchase within the horizon when the true rates are known.

    Args:
        gap: Shopping time since the last sign of life (purchase or app session).
        horizon: Shopping time of the horizon.
        rates: True rates; broadcast against gap.

    Returns:
        Probability, in the broadcast shape.

    Source: Schmittlein, Morrison and Colombo (1987), Counting Your Customers, eq. 4, for known
        rates: P(alive) = 1 / (1 + mu / (k + mu) * (exp((k + mu) * gap) - 1)).
    """
    both = rates.purchase + rates.session + rates.dropout
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
        sessions are Poisson while alive, and the person dropped out after the last sign or never.
    """
    probability = np.empty(len(histories.age))
    for start in range(0, len(probability), BLOCK):
        block = slice(start, start + BLOCK)
        part = histories.where((block, None))
        weight = _log_likelihood(part, prior)
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        implied = churn_probability(part.gap, horizon, prior)
        probability[block] = (weight * implied).sum(axis=1) / weight.sum(axis=1)
    return probability


def _log_likelihood(history: Histories, rates: Rates) -> np.ndarray:
    """Log-likelihood of each history (n, 1) under each sampled person's rates (m,); (n, m)."""
    both = rates.purchase + rates.session + rates.dropout
    # sessions count from the app's first use, purchases from the first purchase
    offset = rates.session * (history.app_age - history.age)
    seen = history.repeats * np.log(rates.purchase) + _times_log(history.sessions, rates.session)
    last = history.age - history.gap
    dropped = rates.dropout / both
    # survived everything, or dropped out between the last sign and now
    stayed = np.log(np.exp(-both * history.gap) * (1.0 - dropped) + dropped)
    return seen - offset - both * last + stayed


def _times_log(count: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """count * log(rate), where no event is no contradiction to a rate of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count == 0, 0.0, count * np.log(rate))
