"""What is asked: one question with a yes or no about everybody, and what a plain answer would be.

Belongs here: the question, the rules that a model must beat, the words of its reasons, the limits
of learning.
Does not belong here: who is asked (the caller passes eligible rows), data, estimators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.analysis.propensity.features import CUSTOMER_FEATURES, Feature

CUSTOMER = ("customer_id",)


@dataclass(frozen=True)
class Rule:
    """One column and a ruler: what a shopkeeper would go by.

    Attributes:
        name: As `model_eval.baseline_name` shows it.
        group: Reason group it explains itself by; a key of `reasons.PHRASES`.
        column: Feature or ratio that is read.
        direction: 1 when more of it makes the outcome likelier, -1 when less does.
        instead: Column in days that is divided by the usual gap between orders where `column` is
            unknown; without it the unknown rank below everybody.
    """

    name: str
    group: str
    column: str
    direction: int
    instead: str | None = None


@dataclass(frozen=True)
class Wording:
    """How reasons end in English and Chinese, and what is said where nothing was learnt."""

    raises: tuple[str, str] = (" (makes it likelier)", "（提高可能性）")
    lowers: tuple[str, str] = (" (makes it less likely)", "（降低可能性）")
    average: tuple[str, str] = (
        "Too little history for a personal score: average rate",
        "历史数据不足，暂按平均水平估计",
    )


@dataclass(frozen=True)
class Target:
    """One question about everybody on a day: does it happen within the days that follow?

    Attributes:
        name: In `model_eval`, and the folder of its models.
        horizon_days: Length of the window (day, day + horizon] that answers.
        rules: Baselines, at least one; the first wins a tie.
        is_absence: The question is whether it does *not* happen, as with churn.
        features: Columns that may be learnt from.
        monotone: Column → 1 when more can only raise the probability, -1 when it can only lower it.
        keys: What a row is about, the customer first.
        wording: Words of the reasons.
    """

    name: str
    horizon_days: int
    rules: tuple[Rule, ...]
    is_absence: bool = False
    features: tuple[Feature, ...] = CUSTOMER_FEATURES
    monotone: Mapping[str, int] = field(default_factory=dict)
    keys: tuple[str, ...] = CUSTOMER
    wording: Wording = field(default_factory=Wording)

    def rule(self, name: str) -> Rule:
        """The rule of that name."""
        return next(rule for rule in self.rules if rule.name == name)


@dataclass(frozen=True)
class Limits:
    """How much is needed to learn, and how much is enough.

    Attributes:
        min_class_count: Distinct customers of each outcome without which no model is trained.
        min_rule_class_count: The same for a rule's probabilities; below it a constant is served.
        min_evaluation_class_count: Customers of each outcome needed to grade at all.
        min_win_share: Share of bootstrap resamples of the evaluation customers in which the model
            must be ahead; 0.5 would serve it on a coin's toss.
        max_training_snapshots: Most recent labelled month-ends that train: a year sees each
            season once.
        max_training_rows: Rows that train at most; whole customers are left out beyond it.
        earlier_windows: Windows before the latest that are graded too, each a horizon or more
            before the next.
        calibration_folds: Customer folds of the cross-fitted calibration.
        score_batch_rows: Rows scored at once; bounds memory.
    """

    min_class_count: int = 50
    min_rule_class_count: int = 10
    min_evaluation_class_count: int = 20
    min_win_share: float = 0.9
    max_training_snapshots: int = 12
    max_training_rows: int = 60_000
    earlier_windows: int = 3
    calibration_folds: int = 3
    score_batch_rows: int = 100_000
