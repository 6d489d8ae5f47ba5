"""Shares of interest from few signs: the customer's own, completed by a prior.

    share = (own signs + prior_signs * prior) / (all own signs + prior_signs)

The prior is popularity (the rule), or popularity mixed with what people with the same signs like
(co-interest). The more signs a customer gave, the less the prior says.

Belongs here: popularity, factors, folding customers into factors, the formula above.
Does not belong here: which prior is used (choice), what a share means (scoring).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from orchestration.analysis.interests.config import InterestConfig

FOLD_STEPS = 40
FIT_STEPS = 200


@dataclass(frozen=True)
class Completion:
    """How shares are completed.

    Attributes:
        popularity: Share of every category among all customers, shape (categories,), sums to 1.
        prior_signs: How many signs the prior weighs.
        factors: Shares of every category in every factor, (factors, categories), rows sum to 1;
            None where popularity alone is the prior.
        popularity_part: Part of the prior that is popularity, 0..1.
    """

    popularity: np.ndarray
    prior_signs: float
    factors: np.ndarray | None = None
    popularity_part: float = 1.0

    def prior(self, weights: np.ndarray | None) -> np.ndarray:
        """Expected shares before own signs count; (customers or 1, categories)."""
        if self.factors is None or weights is None:
            return self.popularity[None, :]
        return (
            self.popularity_part * self.popularity[None, :]
            + (1 - self.popularity_part) * weights @ self.factors
        )

    def shares(self, signs: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """Completed shares, (customers, categories), rows sum to 1.

        Args:
            signs: Own signs, (customers, categories).
            weights: What fold_in made of them; None completes by popularity.
        """
        total = signs.sum(axis=1, keepdims=True) + self.prior_signs
        return (signs + self.prior_signs * self.prior(weights)) / total


def popularity_of(signs) -> np.ndarray:
    """Share of every category in a sparse matrix of signs; half a sign is added to each."""
    totals = np.asarray(signs.sum(axis=0)).ravel() + 0.5
    return totals / totals.sum()


def fit_factors(signs, number: int, *, seed: int, config: InterestConfig) -> np.ndarray:
    """Find what is liked together: factors of a sparse matrix of signs, the heaviest first.

    Args:
        signs: Sparse signs of the customers to learn from.
        number: Factors wanted; fewer are returned where a factor stays empty.
        seed: Seed of the start.
        config: Settings.

    Returns:
        (factors, categories), rows sum to 1.

    Source: Lee and Seung (2001), non-negative factors under the Kullback-Leibler divergence, which
    is the likelihood of counts.
    """
    from scipy.sparse import diags
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    total = np.asarray(signs.sum(axis=1)).ravel()
    kept = total > 0
    weight = np.minimum(1.0, config.max_signs_in_fit / np.maximum(total, 1.0))
    # dense: on sparse input each step takes several times as long at the widths retailers have
    scaled = (diags(weight) @ signs).tocsr()[kept].toarray()
    model = NMF(
        number,
        solver="mu",
        beta_loss="kullback-leibler",
        init="nndsvda",
        random_state=seed,
        max_iter=FIT_STEPS,
    )
    # one thread, because sums split over threads round differently
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        loadings = model.fit_transform(scaled)
    size = model.components_.sum(axis=1)
    heaviness = loadings.sum(axis=0) * size
    order = [k for k in np.argsort(-heaviness, kind="stable") if size[k] > 0]
    return model.components_[order] / size[order, None]


def smoothed(factors: np.ndarray, popularity: np.ndarray, smoothing: float) -> np.ndarray:
    """Factors that exclude no category."""
    return (1 - smoothing) * factors + smoothing * popularity[None, :]


def fold_in(signs: np.ndarray, factors: np.ndarray, *, pseudo_signs: float) -> np.ndarray:
    """How much of each factor explains a customer's signs; (customers, factors), rows sum to 1.

    A fixed number of EM steps from even weights, so that a row depends on itself alone.

    Source: Hofmann (1999), folding into a probabilistic latent semantic model.
    """
    weights = np.full((len(signs), len(factors)), 1.0 / len(factors))
    for _ in range(FOLD_STEPS):
        explained = signs / (weights @ factors)
        weights = weights * (explained @ factors.T) + pseudo_signs
        weights /= weights.sum(axis=1, keepdims=True)
    return weights
