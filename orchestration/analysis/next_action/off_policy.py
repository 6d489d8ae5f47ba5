"""What a policy would have brought, from offers that another one made.

Belongs here: doubly robust values and their intervals. Does not belong here: where policies come
from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.analysis.next_action.policies import UNKNOWN
from orchestration.analysis.next_action.trials import NOTHING, Offers


@dataclass(frozen=True)
class Value:
    """A mean per customer with its interval.

    Attributes:
        mean: The estimate.
        low: Low end of the interval.
        high: High end of it.
    """

    mean: float
    low: float
    high: float


def policy_scores(
    offers: Offers, policies: np.ndarray, foreseen: np.ndarray, cost: np.ndarray
) -> np.ndarray:
    """What a policy is worth row by row: doubly robust, so that the mean is right.

    A row takes what was foreseen for the policy's action. Where the policy's action is the one
    that was offered, it takes the error of that forecast as well, as often as the action was not
    the one offered: 1 / share of the action among offers in the context. To send nothing is worth
    nothing, and so is what every policy leaves to the rules.

    Args:
        offers: The offers.
        policies: Action per fold and context, learnt on the other folds, (folds, contexts).
        foreseen: Effects net of cost per fold, learnt on the other folds,
            (folds, contexts, actions + 1).
        cost: What an action costs in a context, (contexts, actions + 1).

    Returns:
        Scores, (n,).

    Source: Dudik, Langford & Li (2011), Doubly robust policy evaluation and learning.
    """
    chosen = policies[offers.fold, offers.context]
    acting = np.maximum(chosen, NOTHING)
    forecast = foreseen[offers.fold, offers.context, acting]
    counts = offers.counts(np.ones(len(offers.score), dtype=bool))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    followed = (offers.action == chosen) & (chosen > NOTHING)
    weight = np.divide(
        1.0,
        share[offers.context, acting],
        out=np.zeros(len(chosen)),
        where=followed,
    )
    gained = offers.score - cost[offers.context, acting]
    score = forecast + weight * (gained - forecast)
    return np.where((chosen == UNKNOWN) | (chosen == NOTHING), 0.0, score)


def value_of(scores: np.ndarray, customer: np.ndarray, confidence: float) -> Value:
    """Mean with an interval in which a customer who stands in several campaigns is one draw.

    Args:
        scores: From policy_scores, or the difference of two, (n,), at least one.
        customer: Number of the customer, (n,).
        confidence: Of the interval, 0..1.

    Returns:
        The value.

    Source: Liang & Zeger (1986), cluster-robust variance.
    """
    from scipy.stats import norm

    mean = float(scores.mean())
    of_customer = np.bincount(customer, weights=scores - mean)
    clusters = int(customer.max()) + 1
    correction = clusters / max(clusters - 1, 1)
    error = float(np.sqrt(correction * (of_customer**2).sum()) / len(scores))
    reach = float(norm.ppf(0.5 + confidence / 2)) * error
    return Value(mean, mean - reach, mean + reach)
