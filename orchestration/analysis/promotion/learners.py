"""Who orders more when written to: three ways to learn it, all linear and penalised.

Belongs here: fitting on rows of treated and held out people, predicting the difference.
Does not belong here: choosing between them, shrinking, grading (`ranking`, `fitting`).

Holdouts are small, so anything that can bend freely learns noise. Campaigns differ in how much
people buy and in how many are left alone; weights (and levels per campaign in the expected
outcome) keep the one from passing for the other.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

TWO_MODELS, RESIDUALS, CLASSES = "two_models", "residuals", "transformed_class"
LEARNERS = (TWO_MODELS, RESIDUALS, CLASSES)
#: Standard deviations of one coefficient expected beforehand, in log-odds: rather flat, quite flat.
STRENGTHS = (0.05, 0.2)


@dataclass(frozen=True)
class Scaler:
    """Columns to mean 0 and deviation 1; a column that never varied stays 0."""

    mean: np.ndarray
    deviation: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        # four deviations: beyond what was learnt from, a straight line may go anywhere
        return np.clip((values - self.mean) / self.deviation, -4.0, 4.0)


@dataclass(frozen=True)
class Line:
    """An intercept and a coefficient per column, through the logistic curve or not."""

    intercept: float
    coefficients: np.ndarray
    is_logistic: bool

    def __call__(self, scaled: np.ndarray) -> np.ndarray:
        total = self.intercept + scaled @ self.coefficients
        return 1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))) if self.is_logistic else total


@dataclass(frozen=True)
class UpliftModel:
    """Predicts what a promotion adds to the probability to order.

    Attributes:
        learner: One of LEARNERS.
        scaler: For the covariates.
        lines: What was fitted; what they mean depends on the learner.
    """

    learner: str
    scaler: Scaler
    lines: tuple[Line, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Raw uplift per row of covariates (n, k), before any shrinking; (n,)."""
        scaled = self.scaler(values)
        if self.learner == TWO_MODELS:
            return self.lines[0](scaled) - self.lines[1](scaled)
        if self.learner == CLASSES:
            return 2 * self.lines[0](scaled) - 1
        return self.lines[0](scaled)


@dataclass(frozen=True)
class Trials:
    """Rows of campaigns as arrays, all (n,) but `values`.

    Attributes:
        values: Covariates, (n, k).
        treated: 1 where written to, 0 where left alone.
        outcome: 1 where an order followed within the window.
        propensity: Share of the row's campaign that was written to, above 0 and below 1.
        campaign: Number of the campaign, 0 .. c-1.
        customer: Number of the customer; one customer may be in several campaigns.
    """

    values: np.ndarray
    treated: np.ndarray
    outcome: np.ndarray
    propensity: np.ndarray
    campaign: np.ndarray
    customer: np.ndarray

    def __len__(self) -> int:
        return len(self.treated)

    def where(self, chosen: np.ndarray) -> Trials:
        """The chosen rows, by mask or position."""
        return Trials(*(getattr(self, name)[chosen] for name in Trials.__annotations__))

    @property
    def arm_weight(self) -> np.ndarray:
        """1 / chance of the arm that the row is in."""
        return np.where(self.treated == 1, 1 / self.propensity, 1 / (1 - self.propensity))


@dataclass(frozen=True)
class OutcomeModel:
    """How likely somebody orders in a window, whichever arm: what an effect stands out from."""

    scaler: Scaler
    line: Line

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Probability per row of covariates, (n,)."""
        return self.line(self.scaler(values))

    def expected(self, trials: Trials) -> np.ndarray:
        """The same with each campaign's own level, (n,)."""
        said = self(trials.values)
        count = np.bincount(trials.campaign)
        level = np.bincount(trials.campaign, weights=trials.outcome - said) / np.maximum(count, 1)
        return said + level[trials.campaign]


def fit_outcome(trials: Trials) -> OutcomeModel:
    """Fit the outcome model on both arms."""
    scaler = _scaler(trials.values)
    line = _logistic(scaler(trials.values), trials.outcome, np.ones(len(trials)), STRENGTHS[-1])
    return OutcomeModel(scaler, line)


def fit_uplift(
    learner: str,
    strength: float,
    trials: Trials,
    expected: np.ndarray,
    weight: np.ndarray | None = None,
) -> UpliftModel:
    """Fit one learner.

    two_models: a logistic regression per arm, the difference of their answers. residuals: what is
    left of the outcome, on what is left of the arm, with a coefficient per covariate (ridge).
    transformed_class: a logistic regression of "ordered if written to, not if left alone".

    Args:
        learner: One of LEARNERS.
        strength: One of STRENGTHS.
        trials: Rows, both arms.
        expected: Expected outcome per row, whichever arm; used by residuals.
        weight: Weight per row, 0 leaves it out; None weighs all alike.

    Returns:
        The fitted model.

    Source: Künzel et al. (2019), T-learner; Nie & Wager (2021), R-learner; Jaskowski & Jaroszewicz
        (2012), class transformation.
    """
    weight = np.ones(len(trials)) if weight is None else weight
    scaler = _scaler(trials.values)
    scaled = scaler(trials.values)
    if learner == RESIDUALS:
        lines = (_residual_line(scaled, trials, expected, weight, strength),)
    elif learner == CLASSES:
        agrees = (trials.outcome == trials.treated).astype(float)
        lines = (_logistic(scaled, agrees, weight * _fair(trials.arm_weight), strength),)
    else:
        lines = tuple(
            _logistic(
                scaled[arm],
                trials.outcome[arm],
                weight[arm] * _fair(trials.arm_weight[arm]),
                strength,
            )
            for arm in (trials.treated == 1, trials.treated == 0)
        )
    return UpliftModel(learner, scaler, lines)


def _fair(weight: np.ndarray) -> np.ndarray:
    """The weights, scaled to as many rows as they are worth: else a few heavy rows of a small
    holdout would pass for many and the penalty would not hold them.

    Source: Kish (1965), effective sample size.
    """
    return weight * weight.sum() / max(float((weight**2).sum()), 1e-12)


def _scaler(values: np.ndarray) -> Scaler:
    deviation = values.std(axis=0)
    return Scaler(values.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))


def _logistic(scaled: np.ndarray, outcome: np.ndarray, weight: np.ndarray, strength: float) -> Line:
    """Penalised logistic regression; one outcome only gives its rate, bent to the inside."""
    from sklearn.linear_model import LogisticRegression

    kept = weight > 0
    scaled, outcome, weight = scaled[kept], outcome[kept], weight[kept]
    hits, total = float(weight @ outcome), float(weight.sum())
    if not 0 < hits < total:
        rate = (hits + 0.5) / (total + 1)
        return Line(float(np.log(rate / (1 - rate))), np.zeros(scaled.shape[1]), True)
    model = LogisticRegression(C=strength**2, tol=1e-6, max_iter=500)
    with warnings.catch_warnings():
        # separable arms of few rows stop at the penalty, which is where they should
        warnings.simplefilter("ignore")
        model.fit(scaled, outcome, sample_weight=weight)
    return Line(float(model.intercept_[0]), model.coef_[0], True)


def _residual_line(
    scaled: np.ndarray,
    trials: Trials,
    expected: np.ndarray,
    weight: np.ndarray,
    strength: float,
) -> Line:
    arm = trials.treated - trials.propensity
    design = np.column_stack([np.ones(len(scaled)), scaled]) * arm[:, None]
    left = trials.outcome - expected
    # log-odds are four times as wide as probabilities at one half
    noise = float(np.average(left**2, weights=weight)) if weight.sum() > 0 else 0.0
    penalty = np.full(design.shape[1], max(noise, 1e-6) / (strength / 4) ** 2)
    penalty[0] = 1e-9
    gram = (design * weight[:, None]).T @ design + np.diag(penalty)
    solved = np.linalg.solve(gram, design.T @ (weight * left))
    return Line(float(solved[0]), solved[1:], False)
