"""What an arm of an experiment changed, with intervals, and whether its arms can be compared.

Belongs here: statistics of a treatment beside a holdout, from rows or from sums that SQL made.
Does not belong here: who is treated, what is measured, models of who responds (`promotion`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

BALANCE_COLUMNS = ("covariate", "treated_mean", "holdout_mean", "smd", "p_value")


@dataclass(frozen=True)
class Moments:
    """One arm's outcome in three numbers.

    Attributes:
        count: Units in the arm, >= 0.
        mean: Mean outcome; NaN without units.
        variance: Variance of the outcome, divided by count - 1; NaN below two units.
    """

    count: int
    mean: float
    variance: float


@dataclass(frozen=True)
class Effect:
    """What a treatment changed, in units of the outcome.

    Attributes:
        treated_count: Units treated.
        holdout_count: Units left alone.
        treated_mean: Mean outcome of the treated; NaN for a pooled effect.
        holdout_mean: Mean outcome of the others; NaN for a pooled effect.
        difference: What the treatment added.
        standard_error: Of the difference.
        low: Low end of the interval.
        high: High end of the interval.
        p_value: Chance of so large a difference, either way, if there were none.
    """

    treated_count: int
    holdout_count: int
    treated_mean: float
    holdout_mean: float
    difference: float
    standard_error: float
    low: float
    high: float
    p_value: float


def moments(values: np.ndarray) -> Moments:
    """Moments of the outcomes of one arm, (n,)."""
    values = np.asarray(values, dtype=float)
    mean = float(values.mean()) if len(values) else float("nan")
    variance = float(values.var(ddof=1)) if len(values) > 1 else float("nan")
    return Moments(len(values), mean, variance)


def moments_of_sums(count: int, total: float, total_of_squares: float) -> Moments:
    """Moments from what SQL adds up, so that no row has to be read.

    Args:
        count: Units.
        total: Sum of their outcomes.
        total_of_squares: Sum of the squares.

    Returns:
        The moments; rounding never makes the variance negative.
    """
    if count < 2:
        return Moments(count, total / count if count else float("nan"), float("nan"))
    mean = total / count
    return Moments(count, mean, max(total_of_squares - count * mean**2, 0.0) / (count - 1))


def effect(treated: Moments, holdout: Moments, *, confidence: float = 0.95) -> Effect:
    """Difference of means with its interval.

    Arms may differ in variance (Welch); the normal distribution stands in for Student's, which for
    arms of thirty and more makes no difference that anybody would act on.

    Args:
        treated: The treated.
        holdout: Those left alone.
        confidence: Of the interval, 0..1.

    Returns:
        The effect.

    Raises:
        ValueError: An arm has fewer than two units.
    """
    if min(treated.count, holdout.count) < 2:
        raise ValueError(
            f"an effect needs two units in each arm, got {treated.count} and {holdout.count}"
        )
    error = float(np.sqrt(treated.variance / treated.count + holdout.variance / holdout.count))
    return effect_of_difference(treated, holdout, treated.mean - holdout.mean, error, confidence)


def pooled_effect(arms: Sequence[tuple[Moments, Moments]], *, confidence: float = 0.95) -> Effect:
    """One effect of several experiments, each compared within itself.

    Weights are treated * holdout / (treated + holdout), as a regression with one level per
    experiment has them. Throwing all treated together would compare people of different campaigns
    wherever the share left alone differs.

    Args:
        arms: Treated and holdout of each experiment, at least one; each arm has two units or more.
        confidence: Of the interval, 0..1.

    Returns:
        The effect; the means of the arms are NaN.

    Raises:
        ValueError: There is no experiment, or an arm with fewer than two units.
    """
    if not arms:
        raise ValueError("a pooled effect needs at least one experiment")
    effects = [effect(treated, holdout) for treated, holdout in arms]
    weight = np.array(
        [e.treated_count * e.holdout_count / (e.treated_count + e.holdout_count) for e in effects]
    )
    weight = weight / weight.sum()
    difference = float(weight @ np.array([e.difference for e in effects]))
    error = float(np.sqrt(weight**2 @ np.array([e.standard_error**2 for e in effects])))
    nobody = float("nan")
    treated = Moments(sum(e.treated_count for e in effects), nobody, nobody)
    holdout = Moments(sum(e.holdout_count for e in effects), nobody, nobody)
    return effect_of_difference(treated, holdout, difference, error, confidence)


def sample_ratio_p_value(treated_count: int, holdout_count: int, holdout_share: float) -> float:
    """Chance of arms as unequal as these, if the planned share had been drawn.

    Args:
        treated_count: Units treated.
        holdout_count: Units left alone.
        holdout_share: Share that was to be left alone, above 0 and below 1.

    Returns:
        Two-sided p-value of the binomial test, 0..1; small means that somebody went missing.

    Source: Fabijan et al. (2019), Diagnosing Sample Ratio Mismatch in Online Experiments.
    """
    from scipy.stats import binomtest

    if not 0 < holdout_share < 1:
        raise ValueError(f"holdout_share must lie between 0 and 1, got {holdout_share}")
    total = treated_count + holdout_count
    return float(binomtest(holdout_count, total, holdout_share).pvalue) if total else 1.0


def balance_table(covariates: pd.DataFrame, is_treated: np.ndarray) -> pd.DataFrame:
    """How alike the arms were before anything happened.

    Args:
        covariates: One row per unit, numbers known before the treatment, no nulls.
        is_treated: Arm of each row, boolean (n,); both arms have two rows or more.

    Returns:
        BALANCE_COLUMNS, a row per covariate: the means, their difference in standard deviations
        (0 where nothing varies) and the p-value of it (Welch).
    """
    from scipy.stats import norm

    values = covariates.to_numpy(dtype=float)
    treated, holdout = values[is_treated], values[~is_treated]
    difference = treated.mean(axis=0) - holdout.mean(axis=0)
    variances = treated.var(axis=0, ddof=1), holdout.var(axis=0, ddof=1)
    spread = np.sqrt((variances[0] + variances[1]) / 2)
    error = np.sqrt(variances[0] / len(treated) + variances[1] / len(holdout))
    z = np.divide(difference, error, out=np.zeros_like(error), where=error > 0)
    return pd.DataFrame(
        {
            "covariate": list(covariates.columns),
            "treated_mean": treated.mean(axis=0),
            "holdout_mean": holdout.mean(axis=0),
            "smd": np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 0),
            "p_value": 2 * norm.sf(np.abs(z)),
        },
        columns=list(BALANCE_COLUMNS),
    )


def balance_p_value(covariates: pd.DataFrame, is_treated: np.ndarray) -> float:
    """Chance of arms as unlike as these in all covariates at once, if chance had chosen them.

    One test for all: of twenty covariates one is off at 5 % in any fair experiment. A limit on the
    standardised difference (0.1 is common) would refuse every small holdout.

    Args:
        covariates: As in balance_table.
        is_treated: As in balance_table.

    Returns:
        p-value, 0..1; 1 where nothing varies or an arm has fewer rows than there are covariates.

    Source: Hansen & Bowers (2008), Covariate Balance in Simple, Stratified and Clustered
        Comparative Studies: d' S^-1 d is nearly chi-squared.
    """
    from scipy.stats import chi2

    values = covariates.to_numpy(dtype=float)
    treated, holdout = values[is_treated], values[~is_treated]
    if min(len(treated), len(holdout)) <= values.shape[1]:
        return 1.0
    spread = values.std(axis=0)
    varying = spread > 0
    if not varying.any():
        return 1.0
    scaled = (values[:, varying] - values[:, varying].mean(axis=0)) / spread[varying]
    difference = scaled[is_treated].mean(axis=0) - scaled[~is_treated].mean(axis=0)
    covariance = np.atleast_2d(np.cov(scaled, rowvar=False))
    inverse = np.linalg.pinv(covariance, rcond=1e-8, hermitian=True)
    rank = int(np.linalg.matrix_rank(covariance, tol=1e-8, hermitian=True))
    units = len(treated) * len(holdout) / len(values)
    return float(chi2.sf(units * difference @ inverse @ difference, rank))


def why_arms_cannot_teach(
    counts: tuple[int, int],
    holdout_share: float | None,
    covariates: pd.DataFrame,
    is_treated: np.ndarray,
    *,
    least_p_value: float,
) -> str:
    """Why nothing may be learnt from a campaign's arms: as if somebody, not chance, had made them.

    Args:
        counts: Units treated and left alone.
        holdout_share: Share that was to be left alone; anything but a share for no plan.
        covariates: As in balance_table, of a sample of the units; arms that are not both in it are
            not compared.
        is_treated: As in balance_table.
        least_p_value: Chance below which arms are not believed.

    Returns:
        The reason, without a full stop; empty when they may teach.
    """
    if pd.notna(holdout_share) and 0 < holdout_share < 1:
        p_value = sample_ratio_p_value(*counts, float(holdout_share))
        if p_value < least_p_value:
            return (
                f"{counts[1]} of {sum(counts)} customers were left alone, planned were "
                f"{holdout_share:.0%} (p = {p_value:.1g})"
            )
    if is_treated.any() and not is_treated.all():
        p_value = balance_p_value(covariates, is_treated)
        if p_value < least_p_value:
            return f"its arms were not alike before it began (p = {p_value:.1g})"
    return ""


def minimum_detectable_effect(
    standard_error: float, *, confidence: float = 0.95, power: float = 0.8
) -> float:
    """Smallest effect that an experiment of this precision would most likely have shown.

    Args:
        standard_error: Of the difference.
        confidence: Of the interval that has to leave 0 out, 0..1.
        power: Chance that it does when the effect is that large, 0..1.

    Returns:
        The effect, in units of the outcome, either way.
    """
    from scipy.stats import norm

    return float(norm.ppf(0.5 + confidence / 2) + norm.ppf(power)) * standard_error


def effect_of_difference(
    treated: Moments, holdout: Moments, difference: float, error: float, confidence: float
) -> Effect:
    """An effect of which the difference and its standard error are known already.

    Args:
        treated: Count and mean of the treated.
        holdout: The same of those left alone.
        difference: What the treatment added.
        error: Its standard error; without one, any difference is certain.
        confidence: Of the interval, 0..1.

    Returns:
        The effect with its interval and p-value, by the normal distribution.
    """
    from scipy.stats import norm

    reach = float(norm.ppf(0.5 + confidence / 2)) * error
    if error > 0:
        p_value = float(2 * norm.sf(abs(difference) / error))
    else:
        p_value = 1.0 if difference == 0 else 0.0
    return Effect(
        treated_count=treated.count,
        holdout_count=holdout.count,
        treated_mean=treated.mean,
        holdout_mean=holdout.mean,
        difference=difference,
        standard_error=error,
        low=difference - reach,
        high=difference + reach,
        p_value=p_value,
    )
