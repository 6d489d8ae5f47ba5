"""Effects from sums of products: means and ratios, adjusted for what was known before, by strata.

Belongs here: estimators of one difference with its interval, from counts, sums and sums of
products. Does not belong here: which campaigns, metrics and segments there are (`measuring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.analysis.experiments import Effect, Moments, effect_of_difference

#: Places of the outcome and of its denominator among the variables; covariates come after.
OUTCOME, DENOMINATOR = 0, 1
NOBODY = float("nan")
#: Part of a sum of squares that rounding may leave of nothing.
RELATIVE_ROUNDING = 1e-10


@dataclass(frozen=True)
class JointMoments:
    """Several numbers of each unit of one arm, added up.

    Attributes:
        count: Units in the arm.
        means: Mean of each variable, (v,); NaN without units.
        scatter: Sums of products of deviations from the means, (v, v).
    """

    count: int
    means: np.ndarray
    scatter: np.ndarray


@dataclass(frozen=True)
class AdjustedEffect:
    """An effect with what was known before taken into account.

    Attributes:
        effect: The adjusted effect.
        variance_reduction: By how much of the plain variance the adjusted one is smaller; below 0
            where covariates cost more than they explain.
    """

    effect: Effect
    variance_reduction: float


def joint_moments(values: np.ndarray) -> JointMoments:
    """Joint moments of the rows of one arm, (n, v)."""
    values = np.asarray(values, dtype=float)
    return joint_moments_of_sums(len(values), values.sum(axis=0), values.T @ values)


def joint_moments_of_sums(count: int, sums: np.ndarray, products: np.ndarray) -> JointMoments:
    """Joint moments from what SQL adds up.

    Args:
        count: Units.
        sums: Sum of each variable, (v,).
        products: Sums of products of every two, (v, v).

    Returns:
        The moments; rounding never makes a variance negative.
    """
    if not count:
        return JointMoments(0, np.full(len(sums), np.nan), np.zeros_like(products, dtype=float))
    means = np.asarray(sums, dtype=float) / count
    scatter = products - count * np.outer(means, means)
    diagonal = np.arange(len(means))
    scatter[diagonal, diagonal] = np.maximum(scatter[diagonal, diagonal], 0.0)
    return JointMoments(int(count), means, scatter)


def plain_effect(
    arms: Sequence[tuple[JointMoments, JointMoments]],
    *,
    is_ratio: bool = False,
    confidence: float = 0.95,
) -> Effect:
    """Difference of means, or of ratios of sums by the delta method.

    Args:
        arms: Treated and holdout of each experiment; each arm has two units or more. Several are
            pooled as in `experiments.pooled_effect`.
        is_ratio: Whether the outcome is divided by the denominator: spend by orders.
        confidence: Of the interval, 0..1.

    Returns:
        The effect; means of several experiments are weighted as the differences are.

    Raises:
        ValueError: There is no experiment, or an arm has fewer than two units.
    """
    return _adjusted(arms, (), is_ratio=is_ratio, confidence=confidence).effect


def adjusted_effect(
    arms: Sequence[tuple[JointMoments, JointMoments]],
    covariates: Sequence[int],
    *,
    is_ratio: bool = False,
    confidence: float = 0.95,
) -> AdjustedEffect:
    """The effect less what the arms differed by before (CUPED with several covariates).

    One slope per covariate serves both arms and all experiments, learnt within arms, so that the
    effect itself does not leak into it. Its uncertainty is part of the standard error, and residual
    variances are corrected for the slopes that were learnt, so that small arms are not made to look
    precise.

    Args:
        arms: As in `plain_effect`.
        covariates: Places of variables that were known before the assignment.
        is_ratio: As in `plain_effect`.
        confidence: Of the interval, 0..1.

    Returns:
        The effect, and how much narrower it became. Without units to spare for slopes it is the
        plain one.

    Source: Deng, Xu, Kohavi & Walker (2013), Improving the Sensitivity of Online Controlled
        Experiments by Utilizing Pre-Experiment Data; ratios linearised as in Deng, Knoblich & Lu
        (2018), Applying the Delta Method in Metric Analytics.
    """
    return _adjusted(arms, covariates, is_ratio=is_ratio, confidence=confidence)


def stratified_effect(
    strata: Sequence[tuple[JointMoments, JointMoments]],
    *,
    is_ratio: bool = False,
    confidence: float = 0.95,
) -> Effect:
    """The treated beside others of the same strata, weighted as the treated are spread.

    Args:
        strata: Treated and others of each stratum, two units or more on both sides; a treated
            person without anybody alike is compared with nobody, so leave the stratum out.
        is_ratio: As in `plain_effect`.
        confidence: Of the interval, 0..1.

    Returns:
        The difference. It is an effect only if nothing but the stratum decided who was treated.

    Raises:
        ValueError: There is no stratum, or a side of one has fewer than two units.

    Source: Iacus, King & Porro (2012), Causal Inference without Balance Checking: Coarsened Exact
        Matching.
    """
    _require_units(strata)
    share = np.array([treated.count for treated, _ in strata], dtype=float)
    share = share / share.sum()
    sides, variance = [], 0.0
    for side in zip(*strata, strict=True):
        means = share @ np.array([stratum.means for stratum in side])
        value, weights = _linear(means, is_ratio)
        spread = np.array([_spread(s, weights) / (s.count - 1) / s.count for s in side])
        variance += float(share**2 @ spread)
        sides.append(Moments(sum(s.count for s in side), value, NOBODY))
    treated, others = sides
    return effect_of_difference(
        treated, others, treated.mean - others.mean, float(np.sqrt(variance)), confidence
    )


def varying(
    arms: Sequence[JointMoments], covariates: Sequence[int]
) -> tuple[list[int], np.ndarray]:
    """Covariates that differ between units of an arm, by more than rounding, and their spread.

    Args:
        arms: Moments of arms.
        covariates: Places that are asked about.

    Returns:
        The places, and the root of each one's sum of squares within arms.
    """
    places = list(covariates)
    squares = sum(np.diag(arm.scatter)[places] for arm in arms)
    level = sum(arm.count * arm.means[places] ** 2 for arm in arms if arm.count)
    kept = squares > RELATIVE_ROUNDING * level
    return [p for p, is_kept in zip(places, kept, strict=True) if is_kept], np.sqrt(squares[kept])


def _adjusted(
    arms: Sequence[tuple[JointMoments, JointMoments]],
    covariates: Sequence[int],
    *,
    is_ratio: bool,
    confidence: float,
) -> AdjustedEffect:
    _require_units(arms)
    counts = np.array([[arm.count for arm in pair] for pair in arms], dtype=float)
    weight = counts.prod(axis=1) / counts.sum(axis=1)
    weight = weight / weight.sum()
    linear = [[_linear(arm.means, is_ratio) for arm in pair] for pair in arms]
    values = np.array([[value for value, _ in pair] for pair in linear])
    difference = float(weight @ (values[:, 0] - values[:, 1]))
    treated, holdout = (
        Moments(int(counts[:, side].sum()), float(weight @ values[:, side]), NOBODY)
        for side in (0, 1)
    )
    own = np.array(
        [
            [_spread(arm, w) for arm, (_, w) in zip(pair, of_pair, strict=True)]
            for pair, of_pair in zip(arms, linear, strict=True)
        ]
    )
    per_unit = weight[:, None] ** 2 / (counts - 1) / counts
    plain_variance = float((own * per_unit).sum())
    plain = effect_of_difference(
        treated, holdout, difference, float(np.sqrt(plain_variance)), confidence
    )
    chosen, spread = varying([arm for pair in arms for arm in pair], covariates)
    if not chosen or plain_variance == 0:
        return AdjustedEffect(plain, 0.0)
    # covariates in units of their own spread: money and counts are far apart
    scatters = np.array(
        [[arm.scatter[np.ix_(chosen, chosen)] for arm in pair] for pair in arms]
    ) / np.outer(spread, spread)
    joint = (
        np.array(
            [
                [w @ arm.scatter[:, chosen] for arm, (_, w) in zip(pair, of_pair, strict=True)]
                for pair, of_pair in zip(arms, linear, strict=True)
            ]
        )
        / spread
    )
    total = scatters.sum(axis=(0, 1))
    inverse = np.linalg.pinv(total, rcond=1e-8, hermitian=True)
    rank = int(np.linalg.matrix_rank(total, tol=1e-8, hermitian=True))
    to_spare = counts.sum() - counts.size
    if to_spare <= rank:
        return AdjustedEffect(plain, 0.0)
    slopes = inverse @ joint.sum(axis=(0, 1))
    apart = np.array([t.means[chosen] - h.means[chosen] for t, h in arms]) / spread
    residual = np.maximum(
        own - 2 * joint @ slopes + np.einsum("i,abij,j->ab", slopes, scatters, slopes), 0.0
    )
    residual = residual * to_spare / (to_spare - rank)
    imbalance = weight @ apart
    variance = float((residual * per_unit).sum()) + float(
        residual.sum() / to_spare * imbalance @ inverse @ imbalance
    )
    effect = effect_of_difference(
        treated,
        holdout,
        difference - float(imbalance @ slopes),
        float(np.sqrt(variance)),
        confidence,
    )
    return AdjustedEffect(effect, 1.0 - variance / plain_variance)


def _linear(means: np.ndarray, is_ratio: bool) -> tuple[float, np.ndarray]:
    """The outcome of an arm, and what a unit's variables add to it around the means."""
    weights = np.zeros(len(means))
    if not is_ratio:
        weights[OUTCOME] = 1.0
        return float(means[OUTCOME]), weights
    if not means[DENOMINATOR] > 0:
        raise ValueError("a ratio needs a denominator above 0 in each arm")
    value = float(means[OUTCOME] / means[DENOMINATOR])
    weights[OUTCOME] = 1.0 / means[DENOMINATOR]
    weights[DENOMINATOR] = -value / means[DENOMINATOR]
    return value, weights


def _spread(arm: JointMoments, weights: np.ndarray) -> float:
    """Sum of squared deviations of a weighted sum; rounding never makes it negative."""
    return max(float(weights @ arm.scatter @ weights), 0.0)


def _require_units(arms: Sequence[tuple[JointMoments, JointMoments]]) -> None:
    if not arms:
        raise ValueError("an effect needs at least one experiment")
    fewest = min(arm.count for pair in arms for arm in pair)
    if fewest < 2:
        raise ValueError(f"an effect needs two units in each arm, got {fewest}")
