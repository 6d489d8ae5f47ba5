"""From rows of campaigns to a calibrated model of response.

Belongs here: choosing the learner, shrinking its answers towards the average, their uncertainty.
Does not belong here: the learners themselves; grading against rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.experiments import Effect
from orchestration.analysis.promotion.config import COVERAGE, PromotionConfig
from orchestration.analysis.promotion.learners import (
    LEARNERS,
    RESIDUALS,
    STRENGTHS,
    Line,
    OutcomeModel,
    Trials,
    UpliftModel,
    fit_outcome,
    fit_uplift,
)
from orchestration.analysis.promotion.ranking import adjusted_outcome, qini, win_share

#: A penalised learner may see less than there is; half more than it says is believed at most.
LARGEST_SLOPE = 1.5


@dataclass(frozen=True)
class ResponseModel:
    """Expected uplift of anybody, with its uncertainty.

    Attributes:
        outcome: How likely somebody orders, whichever arm.
        treated_share: Share of the rows that was written to.
        uplift: The raw ranking.
        strength: Its penalty, one of STRENGTHS.
        centre: Mean raw uplift of the rows.
        bag: The same learner on resamples of the customers; their spread is the uncertainty.
        bag_centres: Mean raw uplift of the rows by each of them.
        slope: How much of a raw difference shows in people who were not learnt from.
        slope_error: Standard error of the slope.
        average: Average effect that answers are shrunk towards.
    """

    outcome: OutcomeModel
    treated_share: float
    uplift: UpliftModel
    strength: float
    centre: float
    bag: tuple[UpliftModel, ...]
    bag_centres: tuple[float, ...]
    slope: float
    slope_error: float
    average: Effect

    @classmethod
    def without_ranking(
        cls, outcome: OutcomeModel, trials: Trials, average: Effect
    ) -> ResponseModel:
        """The average effect for everybody; only the chance to order differs."""
        columns = trials.values.shape[1]
        flat = UpliftModel(RESIDUALS, outcome.scaler, (Line(0.0, np.zeros(columns), False),))
        return cls(outcome, float(trials.treated.mean()), flat, 0.0, 0.0, (), (), 0.0, 0.0, average)

    def predict(self, values: np.ndarray) -> pd.DataFrame:
        """Answer for rows of covariates (n, k).

        Returns:
            order_probability (without a promotion), uplift, low, high; (n,) each.
        """
        from scipy.stats import norm

        raw = self.uplift(values) - self.centre
        uplift = np.clip(self.average.difference + self.slope * raw, -1, 1)
        # resamples differ in their level too, but the level is the average effect's business
        spread = np.zeros(len(values))
        if self.bag:
            answers = np.stack([model(values) for model in self.bag])
            spread = (answers - np.array(self.bag_centres)[:, None]).std(axis=0)
        # shrinking takes spread away and adds a bias of unknown sign: what remains of the variance
        # is the slope, not its square (empirical Bayes, Efron & Morris 1973)
        error = np.sqrt(
            self.average.standard_error**2
            + max(self.slope, self.slope**2) * spread**2
            + (self.slope_error * raw) ** 2
        )
        reach = norm.ppf(0.5 + COVERAGE / 2) * error
        anyway = self.outcome(values) - self.treated_share * uplift
        return pd.DataFrame(
            {
                "order_probability": np.clip(anyway, 0, 1),
                "uplift": uplift,
                "low": np.clip(uplift - reach, -1, 1),
                "high": np.clip(uplift + reach, -1, 1),
            }
        )


def fit_response(
    trials: Trials,
    average: Effect,
    *,
    config: PromotionConfig,
    seed: int,
    champion: tuple[str, float] | None = None,
) -> tuple[ResponseModel, list[str]]:
    """Choose a learner, fit it, and find out how much of it to believe.

    Every candidate predicts customers that it has not learnt from; the one with the highest Qini
    there is taken, the one in service unless another is clearly ahead of it. The slope comes from
    the same predictions: what was observed on what was said.

    Args:
        trials: Rows of campaigns, both arms.
        average: Average effect over those campaigns.
        config: folds, resamples, min_win_share.
        seed: Seed of the resampling.
        champion: Learner and strength in service; None when there is none.

    Returns:
        The model, and plain sentences on what was chosen.
    """
    outcome = fit_outcome(trials)
    expected = outcome.expected(trials)
    adjusted = adjusted_outcome(trials.treated, trials.propensity, trials.outcome, expected)
    candidates = [(learner, strength) for learner in LEARNERS for strength in STRENGTHS]
    unseen = [_cross_fitted(*c, trials, expected, config.folds) for c in candidates]
    grades = [qini(said, adjusted) for said in unseen]
    best = int(np.argmax(grades))
    notes = []
    if champion in candidates and candidates[best] != champion:
        stays = candidates.index(champion)
        share, _, _ = win_share(unseen[best], unseen[stays], adjusted, trials.customer, seed=seed)
        if share < config.min_win_share:
            best = stays
        notes.append(
            f"The best of the others is ahead of {champion[0]} (strength {champion[1]:g}), the "
            f"learner in service, in {share:.0%} of resamples."
        )
    learner, strength = candidates[best]
    slope, slope_error = shrinkage(unseen[best], trials, expected)
    uplift = fit_uplift(learner, strength, trials, expected)
    bag = tuple(
        fit_uplift(learner, strength, trials, expected, weight)
        for weight in _resamples(trials.customer, config.resamples, seed)
    )
    model = ResponseModel(
        outcome=outcome,
        treated_share=float(trials.treated.mean()),
        uplift=uplift,
        strength=strength,
        centre=float(uplift(trials.values).mean()),
        bag=bag,
        bag_centres=tuple(float(model(trials.values).mean()) for model in bag),
        slope=slope,
        slope_error=slope_error,
        average=average,
    )
    note = (
        f"Learner {learner} (strength {strength:g}) of {len(candidates)} candidates ranks people "
        f"it has not seen with Qini {grades[best]:+.5f} (best {max(grades):+.5f}); {slope:.0%} of "
        "the differences it sees show in them."
    )
    return model, [*notes, note]


def shrinkage(said: np.ndarray, trials: Trials, expected: np.ndarray) -> tuple[float, float]:
    """How much of a predicted difference is there: the slope of effects on predictions.

    Args:
        said: Raw uplift, predicted by models that have not seen the row, (n,).
        trials: The rows.
        expected: Expected outcome per row, whichever arm.

    Returns:
        Slope, held between 0 (everybody gets the average) and LARGEST_SLOPE, and its standard
        error, robust and by customer.

    Source: Chernozhukov et al. (2018), best linear predictor of an effect.
    """
    arm = trials.treated - trials.propensity
    design = np.column_stack([arm, arm * (said - said.mean())])
    left = trials.outcome - expected
    gram = design.T @ design
    if gram[1, 1] < 1e-9:
        return 0.0, 0.0
    inverse = np.linalg.pinv(gram)
    solved = inverse @ (design.T @ left)
    per_row = design * (left - design @ solved)[:, None]
    per_customer = np.stack(
        [np.bincount(trials.customer, weights=column) for column in per_row.T], axis=1
    )
    covariance = inverse @ (per_customer.T @ per_customer) @ inverse
    return float(np.clip(solved[1], 0.0, LARGEST_SLOPE)), float(np.sqrt(covariance[1, 1]))


def _cross_fitted(
    learner: str, strength: float, trials: Trials, expected: np.ndarray, folds: int
) -> np.ndarray:
    """Raw uplift of each row, from a model that has not seen the row's customer; (n,)."""
    said = np.zeros(len(trials))
    fold = trials.customer % folds
    for number in range(folds):
        inside = fold == number
        if not inside.any() or inside.all():
            continue
        model = fit_uplift(learner, strength, trials, expected, (~inside).astype(float))
        answers = model(trials.values[inside])
        # each fold has its own level, which says nothing about who comes first
        said[inside] = answers - answers.mean()
    return said


def _resamples(customer: np.ndarray, rounds: int, seed: int):
    """Weights of rows when the customers are drawn again, with replacement."""
    generator = np.random.default_rng(seed)
    people = int(customer.max()) + 1
    for _ in range(rounds):
        drawn = np.bincount(generator.integers(0, people, people), minlength=people)
        yield drawn[customer].astype(float)
