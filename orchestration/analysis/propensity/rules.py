"""The simple rules a model must beat, and what is served when even they fail.

Belongs here: a rule's score and its probabilities.
Does not belong here: anything with more than one number per row; which rules a question has
(target); choosing who is served (contest).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.propensity.features import derived_ratios, numeric_column
from orchestration.analysis.propensity.target import Rule

# Below every score there is, whatever rows are scored together.
UNKNOWN = -1e12


def usual_gap_days(frame: pd.DataFrame) -> float:
    """Median of the customers' mean gaps between orders, in days; 30 when nobody ordered twice."""
    if "mean_days_between_orders" not in frame:
        return 30.0
    gaps = numeric_column(frame["mean_days_between_orders"])
    gaps = gaps[np.isfinite(gaps)]
    return max(float(np.median(gaps)), 1.0) if len(gaps) else 30.0


def rule_score(frame: pd.DataFrame, rule: Rule, *, usual_gap: float) -> np.ndarray:
    """The raw score of a rule; higher means that the outcome is likelier.

    Args:
        frame: Feature rows.
        rule: The rule.
        usual_gap: Gap in days where the rule has none of the row's own; from the training rows.

    Returns:
        float64 (n,), without NaN.

    Raises:
        ValueError: The rows lack the rule's column.
    """
    values = _column(frame, rule.column)
    if values is None and rule.instead is None:
        raise ValueError(f"the rows lack {rule.column!r}, which the rule {rule.name!r} reads")
    if rule.instead is not None:
        instead = _column(frame, rule.instead)
        if instead is None:
            raise ValueError(f"the rows lack {rule.instead!r}, which the rule {rule.name!r} reads")
        values = np.full(len(frame), np.nan) if values is None else values
        values = np.where(np.isfinite(values), values, instead / usual_gap)
    return np.where(np.isfinite(values), rule.direction * values, UNKNOWN)


def _column(frame: pd.DataFrame, name: str) -> np.ndarray | None:
    return numeric_column(frame[name]) if name in frame else derived_ratios(frame).get(name)


@dataclass(frozen=True)
class RuleModel:
    """A rule with its probabilities.

    Attributes:
        rule: None for the constant.
        scores: Knots of the rule's score, ascending; empty for the constant.
        probabilities: Probability at each knot, never falling.
        base_rate: Rate of the outcome in the training rows; what the constant serves.
        usual_gap: Days, see rule_score.
    """

    rule: Rule | None
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    base_rate: float
    usual_gap: float = 30.0

    @property
    def name(self) -> str:
        """The rule's name, or 'constant'."""
        return self.rule.name if self.rule else "constant"

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """The raw score, finer than the probability; the constant scores everybody alike."""
        if self.rule is None:
            return np.zeros(len(frame))
        return rule_score(frame, self.rule, usual_gap=self.usual_gap)

    def probability(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of the outcome per row, float64 (n,)."""
        if self.rule is None:
            return np.full(len(frame), self.base_rate)
        return np.interp(self.score(frame), self.scores, self.probabilities)

    def contributions(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Log-odds above the base rate, all of it from the one column the rule reads."""
        if self.rule is None:
            return {}
        clipped = np.clip(self.probability(frame), 1e-3, 1 - 1e-3)
        base = np.clip(self.base_rate, 1e-3, 1 - 1e-3)
        return {self.rule.group: np.log(clipped / (1 - clipped)) - np.log(base / (1 - base))}


def constant_rule(truth: np.ndarray) -> RuleModel:
    """Everybody gets the observed rate, drawn towards one half when it rests on few people.

    Source: Laplace's rule of succession, (outcomes + 1) / (people + 2); without anyone that is 0.5,
    which here means "unknown".
    """
    rate = (float(truth.sum()) + 1.0) / (len(truth) + 2.0)
    return RuleModel(rule=None, scores=(), probabilities=(), base_rate=rate)


def fit_rule(frame: pd.DataFrame, truth: np.ndarray, rule: Rule) -> RuleModel:
    """Turn a rule's score into probabilities by isotonic regression.

    Args:
        frame: Training rows.
        truth: 0/1 (n,), both values present.
        rule: The rule.

    Returns:
        The rule; between knots it interpolates, outside it holds the last value.

    Source: Zadrozny & Elkan (2002).
    """
    from sklearn.isotonic import IsotonicRegression

    usual_gap = usual_gap_days(frame)
    score = rule_score(frame, rule, usual_gap=usual_gap)
    isotonic = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=True, out_of_bounds="clip")
    isotonic.fit(score, truth)
    return RuleModel(
        rule=rule,
        scores=tuple(float(value) for value in isotonic.X_thresholds_),
        probabilities=tuple(float(value) for value in isotonic.y_thresholds_),
        base_rate=float(np.mean(truth)),
        usual_gap=usual_gap,
    )
