"""How good an order of customers is for choosing whom to write to.

Belongs here: Qini and AUUC, the win of one ranking over another, predicted beside observed effects.
Does not belong here: making rankings (learners, rules) or deciding who is served (grading).

All of it rests on one number per row, whose mean over any group is the group's effect without bias:
(arm - propensity) / (propensity * (1 - propensity)) * (outcome - what was expected of it).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FIFTHS = 5


def adjusted_outcome(
    treated: np.ndarray, propensity: np.ndarray, outcome: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """The number per row that effects are means of, (n,).

    Args:
        treated: 1 where written to, 0 where left alone.
        propensity: Share of the campaign that was written to, above 0 and below 1.
        outcome: What followed.
        expected: What was expected whichever arm; takes noise away and adds no bias.
    """
    return (treated - propensity) / (propensity * (1 - propensity)) * (outcome - expected)


def qini(score: np.ndarray, adjusted: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area between a ranking's curve of gained orders and that of writing to people at random.

    The curve says what is gained per person of the population when the share that is ranked first
    is written to. Equal scores share a place, so a constant score has exactly 0.

    Args:
        score: Higher is written to first, (n,), n >= 1.
        adjusted: Output of adjusted_outcome.
        weight: Weight per row; None weighs all alike.

    Returns:
        Orders per person; 0 is no better than chance.

    Source: Radcliffe (2007), Using Control Groups to Target on Predicted Lift; with every row
        weighted by the inverse of its arm's chance.
    """
    weight = np.ones(len(score)) if weight is None else weight
    return _qini(_Order(score), adjusted, weight)


def auuc(score: np.ndarray, adjusted: np.ndarray) -> float:
    """Area under the curve of gained orders; half the average effect for a random ranking."""
    return qini(score, adjusted) + float(np.mean(adjusted)) / 2


def curve(score: np.ndarray, adjusted: np.ndarray, *, points: int = 10) -> pd.DataFrame:
    """What is gained per person of the population when a share of it is written to.

    Rows tied at the border enter in proportion.

    Args:
        score: As in qini.
        adjusted: As in qini.
        points: Number of shares.

    Returns:
        share (0..1), gained, gained_at_random.
    """
    order = _Order(score)
    ends = np.cumsum(np.bincount(order.group)) / len(score)
    totals = np.cumsum(np.bincount(order.group, weights=adjusted)) / len(score)
    shares = np.arange(points + 1) / points
    return pd.DataFrame(
        {
            "share": shares,
            "gained": np.interp(shares, np.append(0.0, ends), np.append(0.0, totals)),
            "gained_at_random": shares * float(np.mean(adjusted)),
        }
    )


def win_share(
    challenger: np.ndarray,
    incumbent: np.ndarray,
    adjusted: np.ndarray,
    customer: np.ndarray,
    *,
    seed: int,
    rounds: int = 500,
) -> tuple[float, float, float]:
    """How often the challenger's Qini stays ahead when the customers are drawn again.

    Args:
        challenger: Score to be judged, (n,).
        incumbent: Score to beat, (n,).
        adjusted: Output of adjusted_outcome.
        customer: Number of the customer of each row; a customer is drawn with all rows.
        seed: Seed of the resampling.
        rounds: Number of resamples.

    Returns:
        Share of resamples in which it is ahead (draws count half), and the 5 % and 95 % points of
        the challenger's Qini.

    Source: Efron & Tibshirani (1993), paired bootstrap.
    """
    generator = np.random.default_rng(seed)
    ours, theirs = _Order(challenger), _Order(incumbent)
    people = int(customer.max()) + 1
    found = np.empty((rounds, 2))
    for number in range(rounds):
        drawn = np.bincount(generator.integers(0, people, people), minlength=people)
        weight = drawn[customer].astype(float)
        found[number] = _qini(ours, adjusted, weight), _qini(theirs, adjusted, weight)
    lead = found[:, 0] - found[:, 1]
    share = float(((lead > 1e-12) + 0.5 * (np.abs(lead) <= 1e-12)).mean())
    low, high = np.quantile(found[:, 0], [0.05, 0.95])
    return share, float(low), float(high)


def fifths(predicted: np.ndarray, ranking: np.ndarray, adjusted: np.ndarray) -> pd.DataFrame:
    """Predicted beside observed effects, by fifths of the ranking.

    Args:
        predicted: Expected uplift, (n,).
        ranking: Higher comes first, (n,); equal scores stay together, so there may be fewer fifths.
        adjusted: Output of adjusted_outcome.

    Returns:
        fifth (1 comes first), row_count, mean_predicted, observed, standard_error.
    """
    order = _Order(ranking)
    place = order.middle(np.ones(len(ranking)))
    number = np.minimum((place * FIFTHS).astype(int), FIFTHS - 1) + 1
    rows = pd.DataFrame({"fifth": number, "predicted": predicted, "adjusted": adjusted})
    table = rows.groupby("fifth").agg(
        row_count=("adjusted", "size"),
        mean_predicted=("predicted", "mean"),
        observed=("adjusted", "mean"),
        standard_error=("adjusted", "sem"),
    )
    return table.reset_index()


class _Order:
    """A ranking worked out once: the place of each row's score, from 0 for the highest."""

    def __init__(self, score: np.ndarray) -> None:
        # scores that differ in their last digits only are the same score
        _, place = np.unique(-np.round(np.asarray(score, dtype=float), 12), return_inverse=True)
        self.group = place.ravel()

    def middle(self, weight: np.ndarray) -> np.ndarray:
        """Share of the weight that comes before each row, half of its equals included; (n,)."""
        held = np.bincount(self.group, weights=weight)
        before = np.cumsum(held) - held / 2
        return (before / max(float(weight.sum()), 1e-12))[self.group]


def _qini(order: _Order, adjusted: np.ndarray, weight: np.ndarray) -> float:
    total = float(weight.sum())
    if total <= 0:
        return 0.0
    return float((weight * (0.5 - order.middle(weight))) @ adjusted) / total
