"""What each campaign changed: every metric, for everybody and by segment, with a verdict.

Belongs here: which comparisons are made of a campaign, and what may be said of each.
Does not belong here: estimators (`estimates`), what follows from several campaigns (`strategy`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from orchestration.analysis.effects.config import (
    ALL,
    ARPU,
    CAMPAIGN,
    CAMPAIGN_COLUMNS,
    COMPARED,
    COST,
    COVARIATES,
    DEFAULTS,
    DESCRIBED,
    EFFECT_COLUMNS,
    HOLDOUT,
    INCREMENTAL_REVENUE,
    NUMBER_COLUMNS,
    ORDER_VALUE,
    RATES,
    REPEATED,
    ROI,
    SEGMENT_KIND,
    EffectsConfig,
)
from orchestration.analysis.effects.estimates import (
    DENOMINATOR,
    OUTCOME,
    AdjustedEffect,
    adjusted_effect,
    plain_effect,
    stratified_effect,
)
from orchestration.analysis.effects.sums import Pair, Sums, comparable, require_columns
from orchestration.analysis.experiments import (
    Effect,
    minimum_detectable_effect,
    sample_ratio_p_value,
)

POSITIVE, NEGATIVE, INCONCLUSIVE = "positive", "negative", "inconclusive"
HIGHER, LOWER, ALIKE = "higher", "lower", "alike"
DESCRIPTIVE, INTERIM, TOO_FEW = "descriptive", "interim", "too_few"
NOT_COMPARABLE = "not_comparable"


def sample_ratios(campaigns: pd.DataFrame, config: EffectsConfig = DEFAULTS) -> pd.DataFrame:
    """Whether each experiment left as many alone as it meant to.

    Args:
        campaigns: CAMPAIGN_COLUMNS.
        config: min_ratio_p_value.

    Returns:
        The rows with sample_ratio_p_value and is_sample_ratio_ok; both None without a plan. Where
        somebody should have been left alone and nobody was, nobody is what was found.
    """
    require_columns(campaigns, CAMPAIGN_COLUMNS, "campaigns")
    p_values: list[float | None] = []
    for row in campaigns.itertuples():
        planned = row.holdout_share
        if pd.isna(planned) or not 0 < planned < 1:
            p_values.append(None)
            continue
        left_alone = int(row.control_count) if row.method == HOLDOUT else 0
        p_values.append(sample_ratio_p_value(int(row.treated_count), left_alone, float(planned)))
    is_ok = [None if p is None else p >= config.min_ratio_p_value for p in p_values]
    return campaigns.assign(
        sample_ratio_p_value=pd.array(p_values, dtype="Float64"),
        is_sample_ratio_ok=pd.array(is_ok, dtype="boolean"),
    )


def measure_campaigns(
    campaigns: pd.DataFrame, moments: pd.DataFrame, config: EffectsConfig = DEFAULTS
) -> pd.DataFrame:
    """Effects of all campaigns.

    Everybody who was assigned counts, whether the message arrived or not. Experiments are judged by
    the plain difference; the adjusted one stands beside it. p-values of one campaign are adjusted
    together (Benjamini and Hochberg), those of arms too small to judge left out.

    Args:
        campaigns: CAMPAIGN_COLUMNS, one row per comparison.
        moments: MOMENT_COLUMNS.
        config: How effects are judged.

    Returns:
        EFFECT_COLUMNS, sorted by campaign; numbers that do not exist are null.
    """
    campaigns = sample_ratios(campaigns, config)
    sums = Sums(moments)
    rows: list[dict] = []
    for campaign in campaigns.sort_values(list(CAMPAIGN), kind="stable").to_dict("records"):
        rows += _campaign_rows(campaign, sums, config)
    measured = [name for name in EFFECT_COLUMNS if name not in REPEATED]
    frame = pd.DataFrame(rows, columns=measured)
    for name in NUMBER_COLUMNS:
        frame[name] = pd.to_numeric(frame[name]).round(8)
    for name in ("p_value", "p_value_adjusted", "variance_reduction"):
        frame[name] = pd.to_numeric(frame[name]).round(10)
    repeated = campaigns[[*CAMPAIGN, *REPEATED]]
    frame = frame.merge(repeated, on=list(CAMPAIGN), how="left", validate="m:1")
    return frame[list(EFFECT_COLUMNS)]


def _campaign_rows(campaign: dict, sums: Sums, config: EffectsConfig) -> list[dict]:
    key = tuple(campaign[name] for name in CAMPAIGN)
    compared = [
        row
        for segment in sums.segments(key)
        for metric in COMPARED
        if (row := _compared(campaign, sums, metric, segment, config)) is not None
    ]
    judged = [row for row in compared if row["verdict"] != TOO_FEW and row["p_value"] is not None]
    if judged:
        from scipy.stats import false_discovery_control

        adjusted = false_discovery_control([row["p_value"] for row in judged], method="bh")
        for row, p_value in zip(judged, adjusted, strict=True):
            row["p_value_adjusted"] = float(p_value)
            row["verdict"] = _verdict(campaign, row["lift"], float(p_value), config)
    is_ok = campaign["is_sample_ratio_ok"]
    if campaign["method"] == HOLDOUT and pd.notna(is_ok) and not is_ok:
        for row in compared:
            row["verdict"] = NOT_COMPARABLE
    return [*compared, *_money_rows(campaign, compared, config), *_described(key, sums)]


def _compared(
    campaign: dict, sums: Sums, metric: str, segment: str, config: EffectsConfig
) -> dict | None:
    key = tuple(campaign[name] for name in CAMPAIGN)
    pair = sums.arms(key, metric, segment)
    if not pair[0].count:
        return None
    row = _row(key, metric, segment, pair)
    row["verdict"] = TOO_FEW
    is_ratio = metric == ORDER_VALUE
    adjusted = None
    if campaign["method"] == HOLDOUT:
        if not comparable(metric, pair):
            return row
        effect = plain_effect([pair], is_ratio=is_ratio, confidence=config.confidence)
        if min(arm.count for arm in pair) >= config.min_arm_units:
            adjusted = adjusted_effect(
                [pair], COVARIATES, is_ratio=is_ratio, confidence=config.confidence
            )
    else:
        strata = sums.strata(key, metric, segment)
        if is_ratio:
            strata = _with_orders(strata)
        if not strata:
            return row
        effect = stratified_effect(strata, is_ratio=is_ratio, confidence=config.confidence)
    _fill(row, effect, adjusted, config)
    if _enough(effect, sums.signs(key, metric, segment), metric, config):
        row["verdict"] = INCONCLUSIVE
    return row


def _with_orders(strata: list[Pair]) -> list[Pair]:
    """Nothing, unless somebody on each side ordered: an order's value needs an order."""
    if not strata:
        return []
    ordered = [
        sum(stratum.means[DENOMINATOR] * stratum.count for stratum in side)
        for side in zip(*strata, strict=True)
    ]
    return strata if min(ordered) > 0 else []


def _enough(effect: Effect, signs: tuple[int, int], metric: str, config: EffectsConfig) -> bool:
    counts = effect.treated_count, effect.holdout_count
    fewest = min(signs)
    if metric in RATES:
        # fewer may be matched than gave a sign: then nothing is known of the others
        others = (c - s for c, s in zip(counts, signs, strict=True) if c >= s)
        fewest = min([fewest, *others])
    return min(counts) >= config.min_arm_units and fewest >= config.min_arm_signs


def _row(key: tuple, metric: str, segment: str, pair: Pair | None = None) -> dict:
    row: dict = dict.fromkeys(name for name in EFFECT_COLUMNS if name not in REPEATED)
    row.update(zip(CAMPAIGN, key, strict=True))
    row.update(metric=metric, segment=segment, segment_kind=ALL if segment == ALL else SEGMENT_KIND)
    if pair is not None:
        row.update(treated_count=pair[0].count, control_count=pair[1].count)
    return row


def _fill(
    row: dict, effect: Effect, adjusted: AdjustedEffect | None, config: EffectsConfig
) -> None:
    row.update(
        treated_count=effect.treated_count,
        control_count=effect.holdout_count,
        treated=effect.treated_mean,
        control=effect.holdout_mean,
        lift=effect.difference,
        relative_lift=effect.difference / effect.holdout_mean if effect.holdout_mean > 0 else None,
        ci_low=effect.low,
        ci_high=effect.high,
        p_value=effect.p_value,
        minimum_detectable_effect=minimum_detectable_effect(
            effect.standard_error, confidence=config.confidence, power=config.power
        ),
    )
    if adjusted is not None:
        row.update(
            cuped_lift=adjusted.effect.difference,
            cuped_ci_low=adjusted.effect.low,
            cuped_ci_high=adjusted.effect.high,
            variance_reduction=adjusted.variance_reduction,
        )


def _verdict(campaign: dict, lift: float, p_value: float, config: EffectsConfig) -> str:
    if not campaign["is_final"]:
        return INTERIM
    up, down, neither = (
        (POSITIVE, NEGATIVE, INCONCLUSIVE)
        if campaign["method"] == HOLDOUT
        else (HIGHER, LOWER, ALIKE)
    )
    if p_value >= 1 - config.confidence:
        return neither
    return up if lift > 0 else down


def _money_rows(campaign: dict, compared: list[dict], config: EffectsConfig) -> Iterator[dict]:
    """What a campaign brought and cost as a whole; a comparison without a holdout brought nothing
    that anybody could claim."""
    key = tuple(campaign[name] for name in CAMPAIGN)
    cost = float(campaign["budget_amount"]) if pd.notna(campaign["budget_amount"]) else None
    if cost is not None:
        row = _row(key, COST, ALL)
        row.update(treated=cost, verdict=DESCRIPTIVE, treated_count=int(campaign["treated_count"]))
        yield row
    spend = next((r for r in compared if r["metric"] == ARPU and r["segment"] == ALL), None)
    if spend is None or spend["lift"] is None or campaign["method"] != HOLDOUT:
        return
    heads = spend["treated_count"]
    revenue = _row(key, INCREMENTAL_REVENUE, ALL)
    kept = ("treated_count", "control_count", "relative_lift", "p_value", "p_value_adjusted")
    revenue.update({name: spend[name] for name in (*kept, "variance_reduction", "verdict")})
    for name in NUMBER_COLUMNS:
        if name != "relative_lift" and spend[name] is not None:
            revenue[name] = spend[name] * heads
    yield revenue
    if not cost:
        return
    roi = _row(key, ROI, ALL)
    roi.update(
        {name: spend[name] for name in ("treated_count", "control_count", "variance_reduction")}
    )
    for name in ("lift", "ci_low", "ci_high", "cuped_lift", "cuped_ci_low", "cuped_ci_high"):
        if revenue[name] is not None:
            roi[name] = revenue[name] / cost - 1
    roi["minimum_detectable_effect"] = revenue["minimum_detectable_effect"] / cost
    roi["verdict"] = spend["verdict"]
    if spend["verdict"] in (POSITIVE, NEGATIVE, INCONCLUSIVE):
        roi["verdict"] = INCONCLUSIVE
        if roi["ci_low"] > 0:
            roi["verdict"] = POSITIVE
        elif roi["ci_high"] < 0:
            roi["verdict"] = NEGATIVE
    yield roi


def _described(key: tuple, sums: Sums) -> Iterator[dict]:
    """Shares of the treated who answered; none where no answer of the kind was ever noted."""
    for metric in DESCRIBED:
        treated, _ = sums.arms(key, metric)
        if treated.count and treated.means[OUTCOME] > 0:
            row = _row(key, metric, ALL)
            row.update(
                treated=float(treated.means[OUTCOME]),
                treated_count=treated.count,
                verdict=DESCRIPTIVE,
            )
            yield row


def count_of_mismatches(campaigns: pd.DataFrame) -> int:
    """Campaigns whose arms chance would hardly have made; of sample_ratios."""
    is_ok = campaigns["is_sample_ratio_ok"]
    return int(np.sum(is_ok.notna() & ~is_ok.fillna(True).astype(bool)))
