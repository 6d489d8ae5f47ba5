"""Who is most like the people of an audience: a direction in the space of what customers are like.

Belongs here: learning the direction and ranking by it, on numbers. Does not belong here: which
numbers describe a customer, who the people are (orchestration/audiences).
"""

from __future__ import annotations

import numpy as np

#: Share of each variance that is added to it: audiences may be smaller than there are numbers.
RIDGE = 0.1


def similarity(features: np.ndarray, is_seed: np.ndarray) -> np.ndarray:
    """How much each customer looks like the seed, rather than like everybody.

    Linear discriminant of the seed against the rest. Amounts and counts go in as logarithms, since
    an audience is told from others by its order of magnitude; numbers that go together, as orders
    of 90 and of 365 days do, share their say.

    Args:
        features: (n, k) numbers from 0 on, NaN where nothing is known (which counts as the mean).
        is_seed: (n,) who is in the audience; at least one and not all.

    Returns:
        (n,) scores, higher for the more similar; only their order means something.

    Raises:
        ValueError: Nobody is in the audience, or everybody.

    Source: Fisher (1936); shrinkage after Friedman (1989), Regularized Discriminant Analysis.
    """
    if not is_seed.any() or is_seed.all():
        raise ValueError("similarity needs people inside and outside of the audience")
    values = np.log1p(np.clip(features.astype(np.float64), 0, None))
    means = np.nanmean(np.where(np.isfinite(values), values, np.nan), axis=0)
    values = np.where(np.isfinite(values), values, np.nan_to_num(means))
    values -= values.mean(axis=0)
    spread = values.std(axis=0)
    values = values[:, spread > 0] / spread[spread > 0]
    if not values.shape[1]:
        return np.zeros(len(features))
    covariance = np.cov(values, rowvar=False).reshape(values.shape[1], values.shape[1])
    difference = values[is_seed].mean(axis=0) - values[~is_seed].mean(axis=0)
    direction = np.linalg.solve(covariance + RIDGE * np.eye(len(covariance)), difference)
    return values @ direction
