"""A learnt model: its candidates, how one is fitted and calibrated, what it answers.

Belongs here: estimators and their fixed parameters, cross-fitted calibration, probability and
contributions of a fitted model.
Does not belong here: which rows train (training_frame), whether the model is served (contest),
files (artefact), words (reasons).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.analysis.propensity.contributions import linear_contributions, tree_contributions
from orchestration.analysis.propensity.features import Feature, feature_matrix
from orchestration.analysis.propensity.season import (
    NO_SEASON,
    Season,
    fit_season,
    season_of,
)
from orchestration.analysis.propensity.training_frame import customer_hash

# Each candidate is the mean of its members' log-odds, so its contributions stay exact.
CANDIDATES: dict[str, tuple[str, ...]] = {
    "logistic": ("logistic",),
    "boosting": ("boosting",),
    "boosting+logistic": ("boosting", "logistic"),
}

BOOSTING_PARAMETERS: dict[str, Any] = {
    # 120 trees of half the size find no more: mean PR-AUC of four questions on three windows of the
    # simulated retailer 0.754 either way, in less than half of the time.
    "learning_rate": 0.13,
    "max_iter": 50,
    "max_leaf_nodes": 12,
    "max_depth": 4,
    "l2_regularization": 10.0,
    "max_bins": 127,
    # Early stopping would hold out random rows of the same customers and months.
    "early_stopping": False,
}
LOGISTIC_PARAMETERS: dict[str, Any] = {"C": 0.05, "max_iter": 1000}


def signed_log(matrix: np.ndarray) -> np.ndarray:
    """log1p of the size, sign kept: shares barely change, amounts and counts lose their tail."""
    return np.sign(matrix) * np.log1p(np.abs(matrix))


def fit_member(
    name: str, matrix: np.ndarray, truth: np.ndarray, directions: Sequence[int], seed: int
) -> Any:
    """Fit one estimator, on one thread.

    Sums split over threads round differently on another number of cores. And the threads of these
    small fits wait for each other by spinning: on two busy cores 60,000 rows took 25 s with two
    threads and 2 s with one.

    Args:
        name: 'boosting' or 'logistic'.
        matrix: float64 (n, features), NaN where unknown.
        truth: 0/1 (n,), both present.
        directions: Per column, 1 or -1 where the probability may only rise or fall with it, else 0.
        seed: Seed of the estimator.

    Returns:
        A fitted scikit-learn Pipeline with decision_function.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    from threadpoolctl import threadpool_limits

    if name == "boosting":
        booster = HistGradientBoostingClassifier(
            **BOOSTING_PARAMETERS,
            # A leaf holds at least half a per cent: twelve snapshots repeat the same people.
            min_samples_leaf=max(20, len(truth) // 200),
            monotonic_cst=list(directions),
            random_state=seed,
        )
        with threadpool_limits(limits=1):
            return Pipeline([("boosting", booster)]).fit(matrix, truth)
    pipeline = Pipeline(
        [
            ("log", FunctionTransformer(signed_log)),
            (
                "fill",
                SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            ),
            ("scale", StandardScaler()),
            ("logistic", LogisticRegression(**LOGISTIC_PARAMETERS)),
        ]
    )
    with threadpool_limits(limits=1):
        return pipeline.fit(matrix, truth)


def fit_members(
    names: tuple[str, ...],
    matrix: np.ndarray,
    truth: np.ndarray,
    directions: Sequence[int],
    seed: int,
) -> dict[str, Any]:
    """Fit several estimators on the same rows; name → Pipeline."""
    return {name: fit_member(name, matrix, truth, directions, seed) for name in names}


def mean_log_odds(members: dict[str, Any], matrix: np.ndarray) -> np.ndarray:
    """Mean of the members' log-odds, float64 (n,)."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return np.mean([member.decision_function(matrix) for member in members.values()], axis=0)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Probability of log-odds, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * log_odds))


@dataclass(frozen=True)
class Classifier:
    """A fitted, calibrated model.

    Attributes:
        name: Key of CANDIDATES.
        members: Member name → fitted Pipeline.
        features: Columns in training order, each with its reason group.
        slope: Calibration; calibrated log-odds = slope * log-odds + intercept.
        intercept: See slope.
        season: What the calendar month adds to the log-odds of everybody.
    """

    name: str
    members: dict[str, Any]
    features: tuple[Feature, ...]
    slope: float
    intercept: float
    season: Season = NO_SEASON

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the features, in training order."""
        return tuple(feature.name for feature in self.features)

    def probability(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability per row, float64 (n,)."""
        matrix = feature_matrix(frame, self.columns)
        log_odds = self.slope * mean_log_odds(self.members, matrix) + self.intercept
        return sigmoid(log_odds + season_of(frame["as_of_date"], self.season))

    def feature_contributions(self, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
        """Exact contributions per feature to the calibrated log-odds.

        Returns:
            float64 (n, features) and the base value; base + row sum = calibrated log-odds, but for
            the season, which is the same for all customers of a day.
        """
        matrix = feature_matrix(frame, self.columns)
        total = np.zeros(matrix.shape)
        base = 0.0
        for name, member in self.members.items():
            if name == "boosting":
                part, part_base = tree_contributions(member.named_steps["boosting"], matrix)
            else:
                part, part_base = linear_contributions(member, matrix)
            total += part / len(self.members)
            base += part_base / len(self.members)
        return self.slope * total, self.slope * base + self.intercept

    def contributions(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Contributions summed by reason group: group → float64 (n,)."""
        by_feature, _ = self.feature_contributions(frame)
        groups: dict[str, np.ndarray] = {}
        for position, feature in enumerate(self.features):
            earlier = groups.get(feature.group, 0.0)
            groups[feature.group] = earlier + by_feature[:, position]
        return groups


def fit_model(
    name: str,
    frame: pd.DataFrame,
    truth: np.ndarray,
    features: tuple[Feature, ...],
    *,
    monotone: Mapping[str, int],
    seed: int,
    folds: int,
) -> Classifier:
    """Fit a candidate on all rows and calibrate it on cross-fitted log-odds.

    The calibration learns from rows whose customers the estimators had not seen: each customer,
    with all snapshots, is in exactly one fold. Platt's two numbers rather than isotonic steps,
    because they keep the order of the scores, add no ties, and scale the contributions exactly.

    Args:
        name: Key of CANDIDATES.
        frame: Training rows, with customer_id and as_of_date.
        truth: 0/1 (n,), both present.
        features: Columns to learn from.
        monotone: See Target.
        seed: Seed of folds and estimators.
        folds: Number of customer folds, >= 2.

    Returns:
        The fitted model.

    Source: Platt (1999).
    """
    from sklearn.linear_model import LogisticRegression

    columns = tuple(feature.name for feature in features)
    directions = [monotone.get(column, 0) for column in columns]
    matrix = feature_matrix(frame, columns)
    names = CANDIDATES[name]
    fold = customer_hash(frame["customer_id"], seed + 1) % np.uint64(folds)
    held_out = np.full(len(truth), np.nan)
    for number in range(folds):
        inside = fold == number
        if inside.any() and len(np.unique(truth[~inside])) == 2:
            members = fit_members(names, matrix[~inside], truth[~inside], directions, seed)
            held_out[inside] = mean_log_odds(members, matrix[inside])
    known = np.isfinite(held_out)
    slope, intercept = 1.0, 0.0
    if known.any() and len(np.unique(truth[known])) == 2:
        platt = LogisticRegression(C=1e6, max_iter=1000)
        platt.fit(held_out[known, None], truth[known])
        slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        if slope <= 0:
            # Out of sample the order was no better than chance: say the base rate to everybody.
            rate = float(np.clip(truth.mean(), 1e-6, 1 - 1e-6))
            slope, intercept = 0.0, float(np.log(rate / (1 - rate)))
    season = fit_season(slope * held_out + intercept, truth, frame["as_of_date"])
    members = fit_members(names, matrix, truth, directions, seed)
    return Classifier(name, members, features, slope, intercept, season)
