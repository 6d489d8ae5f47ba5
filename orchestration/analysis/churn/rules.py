"""The rules that a churn model has to beat, and the constant that is served when even they fail.

Belongs here: what a shopkeeper would do with one column and a ruler, made into probabilities.
Does not belong here: anything with more than one number per customer; choosing who is served.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.churn.features import derived_ratios, numeric_column

# In this order; the first wins a tie.
RULE_NAMES = ("recency", "frequency", "rhythm")
RULE_GROUPS = {"recency": "recency", "frequency": "frequency", "rhythm": "rhythm"}


def usual_gap_days(frame: pd.DataFrame) -> float:
    """Median of the customers' mean gaps between orders, in days; 30 when nobody ordered twice."""
    if "mean_days_between_orders" not in frame:
        return 30.0
    gaps = numeric_column(frame["mean_days_between_orders"])
    gaps = gaps[np.isfinite(gaps)]
    return max(float(np.median(gaps)), 1.0) if len(gaps) else 30.0


def rule_score(frame: pd.DataFrame, name: str, *, usual_gap: float) -> np.ndarray:
    """The raw score of a rule; higher means more likely to leave.

    Args:
        frame: Rows of `customer_features`.
        name: 'recency' (days since the last order), 'frequency' (orders of the last year,
            negated) or 'rhythm' (silence in units of the customer's own mean gap).
        usual_gap: Gap in days for customers without a second order; from the training rows.

    Returns:
        float64 (n,), without NaN.

    Raises:
        ValueError: The rule is unknown.
    """
    silence = numeric_column(frame["days_since_last_order"])
    if name == "recency":
        score = silence
    elif name == "frequency":
        score = -numeric_column(frame["order_count_365d"])
    elif name == "rhythm":
        ratio = derived_ratios(frame).get("silence_ratio", np.full(len(frame), np.nan))
        score = np.where(np.isfinite(ratio), ratio, silence / usual_gap)
    else:
        raise ValueError(f"unknown rule {name!r}; there are {list(RULE_NAMES)}")
    return np.nan_to_num(score, nan=0.0)


@dataclass(frozen=True)
class RuleModel:
    """A rule with its probabilities.

    Attributes:
        name: One of RULE_NAMES, or 'constant'.
        scores: Knots of the rule's score, ascending; empty for the constant.
        probabilities: Probability at each knot, never falling.
        base_rate: Churn rate of the training rows; what the constant serves.
        usual_gap: Days, see rule_score.
    """

    name: str
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    base_rate: float
    usual_gap: float = 30.0

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """The raw score, finer than the probability; constant rules score everybody alike."""
        if not self.scores:
            return np.zeros(len(frame))
        return rule_score(frame, self.name, usual_gap=self.usual_gap)

    def probability(self, frame: pd.DataFrame) -> np.ndarray:
        """Churn probability per row, float64 (n,)."""
        if not self.scores:
            return np.full(len(frame), self.base_rate)
        return np.interp(self.score(frame), self.scores, self.probabilities)

    def contributions(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Log-odds above the base rate, all of it from the one column the rule reads."""
        if not self.scores:
            return {}
        clipped = np.clip(self.probability(frame), 1e-3, 1 - 1e-3)
        base = np.clip(self.base_rate, 1e-3, 1 - 1e-3)
        return {RULE_GROUPS[self.name]: np.log(clipped / (1 - clipped)) - np.log(base / (1 - base))}


def constant_rule(truth: np.ndarray) -> RuleModel:
    """Everybody gets the observed churn rate, drawn towards one half when it rests on few people.

    Source: Laplace's rule of succession, (churned + 1) / (people + 2); without anyone that is 0.5,
    which here means "unknown".
    """
    rate = (float(truth.sum()) + 1.0) / (len(truth) + 2.0)
    return RuleModel(name="constant", scores=(), probabilities=(), base_rate=rate)


def fit_rule(frame: pd.DataFrame, truth: np.ndarray, name: str) -> RuleModel:
    """Turn a rule's score into probabilities by isotonic regression.

    Args:
        frame: Training rows of `customer_features`.
        truth: 0/1 (n,), both values present.
        name: One of RULE_NAMES.

    Returns:
        The rule; between knots it interpolates, outside it holds the last value.

    Source: Zadrozny & Elkan (2002).
    """
    from sklearn.isotonic import IsotonicRegression

    usual_gap = usual_gap_days(frame)
    score = rule_score(frame, name, usual_gap=usual_gap)
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=True, out_of_bounds="clip")
    isotonic.fit(score, truth)
    return RuleModel(
        name=name,
        scores=tuple(float(value) for value in isotonic.X_thresholds_),
        probabilities=tuple(float(value) for value in isotonic.y_thresholds_),
        base_rate=float(np.mean(truth)),
        usual_gap=usual_gap,
    )
