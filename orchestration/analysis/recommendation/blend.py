"""The learnt blend of signals: which candidates it learns from, how it is fitted, what it answers.

Belongs here: the estimator with its fixed parameters, the sample of candidates, probabilities.
Does not belong here: whether the blend is served (grading), lists (scoring).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.analysis.recommendation.config import RecommendationConfig

BOOSTING_PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.1,
    "max_iter": 60,
    "max_leaf_nodes": 16,
    "min_samples_leaf": 50,
    "l2_regularization": 1.0,
    # early stopping would hold out random candidates of the same lists
    "early_stopping": False,
}


@dataclass(frozen=True)
class Blend:
    """A fitted blend.

    Attributes:
        estimator: Fitted scikit-learn classifier over FEATURES.
        negative_share: Part of the candidates without a purchase that it has seen.
        rows: Candidates that it has seen.
    """

    estimator: Any
    negative_share: float
    rows: int

    def probability(self, matrix: np.ndarray) -> np.ndarray:
        """Chance that the product is bought in the window if anything is; shape (n,).

        Candidates without a purchase were thinned out, which raises the odds of all by one factor.
        """
        if len(matrix) == 0:
            return np.empty(0)
        # each row by itself: here threads change nothing
        raw = self.estimator.predict_proba(matrix)[:, 1]
        return raw * self.negative_share / (raw * self.negative_share + 1 - raw)


def fit_blend(
    matrix: np.ndarray,
    is_bought: np.ndarray,
    customer_hashes: np.ndarray,
    product_hashes: np.ndarray,
    *,
    seed: int,
    config: RecommendationConfig,
) -> Blend | None:
    """Learn which candidates get bought.

    Args:
        matrix: FEATURES, shape (n, k).
        is_bought: Whether the product was bought in the window, bool (n,).
        customer_hashes: A number per row that depends on the customer alone, uint64 (n,).
        product_hashes: Likewise of the product.
        seed: Seed of the estimator.
        config: Settings.

    Returns:
        The blend; None where too few candidates were bought.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    if is_bought.sum() < config.min_hits or is_bought.all():
        return None
    kept = is_bought | (_fraction(customer_hashes, product_hashes) < config.negative_share)
    if kept.sum() > config.max_training_rows:
        kept &= _fraction(customer_hashes) < config.max_training_rows / kept.sum()
    if is_bought[kept].sum() < config.min_hits:
        return None
    rows = matrix[kept]
    # the estimator cannot cut a column that is never known
    rows[:, np.isnan(rows).all(axis=0)] = 0
    # Sums split over threads round differently on another number of cores, and the threads of
    # such small fits mostly wait for each other.
    with threadpool_limits(limits=1):
        estimator = HistGradientBoostingClassifier(**BOOSTING_PARAMETERS, random_state=seed).fit(
            rows, is_bought[kept]
        )
    return Blend(estimator, config.negative_share, int(kept.sum()))


def _fraction(*hashes: np.ndarray) -> np.ndarray:
    """0..1 by the hashes alone: the same candidates are drawn tomorrow."""
    mixed = np.zeros(len(hashes[0]), dtype=np.uint64)
    for values in hashes:
        # the finaliser of splitmix64, so that two hashes do not cancel each other out
        mixed = (mixed ^ values) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
    return mixed / 2.0**64
