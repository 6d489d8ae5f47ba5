"""Who is most like the people of an audience: a direction in the space of what customers are like.

Belongs here: learning the direction and ranking by it, on numbers. Does not belong here: which
numbers describe a customer, who the people are (orchestration/audiences).
"""

from __future__ import annotations

import numpy as np

#: Share of each variance that is added to it: audiences may be smaller than there are numbers.
RIDGE = 0.1
#: Ranges of equal size that each number is cut into, and customers of the average share of the
#: audience that are mixed into each range.
RANGES, PRIOR = 16, 20


def similarity(features: np.ndarray, is_seed: np.ndarray) -> np.ndarray:
    """How much each customer looks like the seed, rather than like everybody.

    Linear discriminant of the seed against the rest. Each number goes in twice: as its logarithm,
    since an audience is told from others by its order of magnitude, and as the log odds of the
    seed in the range that it lies in, since most audiences are made by thresholds. Numbers that go
    together, as orders of 90 and of 365 days do, share their say.

    Args:
        features: (n, k) numbers from 0 on, NaN where nothing is known (a range of its own, and the
            mean of the logarithms).
        is_seed: (n,) who is in the audience; at least one and not all.

    Returns:
        (n,) scores, higher for the more similar; only their order means something.

    Raises:
        ValueError: Nobody is in the audience, or everybody.

    Source: Fisher (1936); shrinkage after Friedman (1989), Regularized Discriminant Analysis; log
        odds of ranges are the weights of evidence of credit scoring.
    """
    if not is_seed.any() or is_seed.all():
        raise ValueError("similarity needs people inside and outside of the audience")
    # one number of all customers lies together: each is looked at by itself
    features = np.asfortranarray(features, dtype=np.float64)
    values = _scaled(np.hstack([_logarithms(features), _log_odds(features, is_seed)]))
    if not values.shape[1]:
        return np.zeros(len(features))
    covariance = values.T @ values / len(values)
    difference = values[is_seed].mean(axis=0) - values[~is_seed].mean(axis=0)
    direction = np.linalg.solve(covariance + RIDGE * np.eye(len(covariance)), difference)
    return values @ direction


def _logarithms(features: np.ndarray) -> np.ndarray:
    values = np.maximum(features, 0)
    np.log1p(values, out=values)
    missing = np.isnan(values)
    if missing.any():
        np.copyto(values, 0, where=missing)
        means = values.sum(axis=0) / np.maximum((~missing).sum(axis=0), 1)
        np.copyto(values, means, where=missing)
    return values


def _log_odds(features: np.ndarray, is_seed: np.ndarray) -> np.ndarray:
    """Log odds of the seed in each customer's range of each number, drawn towards the average."""
    share = is_seed.mean()
    average = np.log(share / (1 - share))
    odds = np.zeros_like(features)
    for column, values in enumerate(features.T):
        known = np.isfinite(values)
        if not known.any():
            continue
        cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, RANGES + 1)[1:-1]))
        # the first range is that of what is not known
        place = np.where(known, np.searchsorted(cuts, values, side="left") + 1, 0)
        people = np.bincount(place, minlength=len(cuts) + 2)
        seeds = np.bincount(place, weights=is_seed, minlength=len(cuts) + 2)
        if not _differ(people, seeds, share):
            continue
        rate = (seeds + PRIOR * share) / (people + PRIOR)
        odds[:, column] = (np.log(rate / (1 - rate)) - average)[place]
    return odds


def _differ(people: np.ndarray, seeds: np.ndarray, share: float) -> bool:
    """Whether ranges differ more than those of one number in a hundred would by chance."""
    expected = people[people > 0] * share * (1 - share)
    statistic = ((seeds[people > 0] - people[people > 0] * share) ** 2 / expected).sum()
    freedom = max(len(expected) - 1, 1)
    return bool(statistic > freedom + 2.33 * np.sqrt(2 * freedom))


def _scaled(values: np.ndarray) -> np.ndarray:
    """Mean 0 and variance 1, in place; what does not vary is left out."""
    values -= values.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", values, values) / len(values))
    varies = spread > 1e-9
    if not varies.all():
        values = values[:, varies]
    values /= spread[varies]
    return values
