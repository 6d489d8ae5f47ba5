"""Which kind of campaign works for whom, and what to do with it: keep, change, stop or test.

Belongs here: pooling campaigns of a type, the rules of the recommendation and its sentence.
Does not belong here: single campaigns (`measuring`), estimators (`estimates`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

import pandas as pd

from orchestration.analysis.effects.config import (
    ALL,
    ARPU,
    CAMPAIGN,
    CONVERSION,
    COVARIATES,
    DEFAULTS,
    HOLDOUT,
    SEGMENT_KIND,
    STRATEGY_COLUMNS,
    EffectsConfig,
)
from orchestration.analysis.effects.estimates import adjusted_effect
from orchestration.analysis.effects.measuring import sample_ratios
from orchestration.analysis.effects.sums import Pair, Sums, comparable
from orchestration.analysis.experiments import Effect, minimum_detectable_effect

KEEP, CHANGE, STOP, TEST = "keep", "change", "stop", "test"


def report_strategies(
    campaigns: pd.DataFrame,
    moments: pd.DataFrame,
    *,
    as_of_date: date,
    currency: str,
    config: EffectsConfig = DEFAULTS,
) -> pd.DataFrame:
    """Pooled effects of each type of campaign, by segment, over the last months.

    Campaigns count whose window is over and whose arms have the planned size; each is compared
    within itself. Effects are adjusted for what was known before.

    Args:
        campaigns: CAMPAIGN_COLUMNS.
        moments: MOMENT_COLUMNS.
        as_of_date: Day of the run.
        currency: Named in sentences.
        config: months, min_arm_units, min_arm_signs, power, smallest_share.

    Returns:
        STRATEGY_COLUMNS; a type that never left anybody alone has one row per window, without
        effects.
    """
    campaigns = sample_ratios(campaigns, config)
    campaigns = campaigns[campaigns["is_final"].astype(bool)]
    campaigns = campaigns.assign(campaign_type=campaigns["campaign_type"].fillna("-"))
    campaigns = campaigns.sort_values(["starts_on", *CAMPAIGN], kind="stable")
    sums = Sums(moments)
    rows: list[dict] = []
    for kind, of_kind in campaigns.groupby("campaign_type", sort=True):
        for months in config.months:
            begin = pd.Timestamp(as_of_date) - pd.DateOffset(months=months)
            lately = of_kind[pd.to_datetime(of_kind["closes_on"]) > begin]
            if lately.empty:
                continue
            rows += _rows_of(str(kind), months, lately, sums, currency, config)
    return pd.DataFrame(rows, columns=list(STRATEGY_COLUMNS))


def _rows_of(
    kind: str,
    months: int,
    campaigns: pd.DataFrame,
    sums: Sums,
    currency: str,
    config: EffectsConfig,
) -> Iterator[dict]:
    usable = campaigns[
        (campaigns["method"] == HOLDOUT) & campaigns["is_sample_ratio_ok"].fillna(True)
    ]
    keys = list(usable[list(CAMPAIGN)].itertuples(index=False, name=None))
    base = {"campaign_type": kind, "months": months}
    if not keys:
        reason_zh, reason_en = _never_tested(len(campaigns))
        yield {
            **dict.fromkeys(STRATEGY_COLUMNS),
            **base,
            **_span(campaigns),
            "segment_kind": ALL,
            "segment": ALL,
            "treated_count": int(campaigns["treated_count"].sum()),
            "control_count": 0,
            "cost_per_head": _cost_per_head(campaigns),
            "recommendation": TEST,
            "reason_zh": reason_zh,
            "reason_en": reason_en,
        }
        return
    segments = sorted({name for key in keys for name in sums.segments(key)} - {ALL})
    for segment in (ALL, *segments):
        spend_arms, spend = _pooled(keys, ARPU, segment, sums, config)
        _, orders = _pooled(keys, CONVERSION, segment, sums, config)
        if spend is None or orders is None:
            continue
        signs = [sum(s) for s in zip(*(sums.signs(k, ARPU, segment) for k in keys), strict=True)]
        counts = spend.treated_count, spend.holdout_count
        # by how much the smaller arm falls short of what can be judged at all
        short = max(config.min_arm_units / min(counts), config.min_arm_signs / max(min(signs), 1))
        cost = _cost_per_head(usable)
        recommendation, more = recommend(spend, cost, short=short, config=config)
        reason_zh, reason_en = _reason(recommendation, spend, cost, more, currency)
        yield {
            **base,
            **_span(usable),
            "campaign_count": len(spend_arms),
            "segment_kind": ALL if segment == ALL else SEGMENT_KIND,
            "segment": segment,
            "treated_count": counts[0],
            "control_count": counts[1],
            **_named("arpu", spend),
            **_named("conversion", orders),
            "cost_per_head": cost,
            "recommendation": recommendation,
            "more_customers_needed": more,
            "reason_zh": reason_zh,
            "reason_en": reason_en,
        }


def recommend(
    spend: Effect,
    cost_per_head: float | None,
    *,
    short: float = 0.0,
    config: EffectsConfig = DEFAULTS,
) -> tuple[str, int | None]:
    """What to do, and how many more customers would have to be tried to know.

    In this order: too small arms, `test`; surely less spend, `stop`; surely more spend, `keep` when
    it is at least the cost and `change` when it is not; surely less than the cost, `stop`; all else
    cannot be told yet, `test`, or, where arms are so large that an effect worth having would have
    shown, `change`.

    Args:
        spend: Effect on net spend per customer.
        cost_per_head: Cost per treated customer; None where nobody knows, which counts as 0.
        short: How many times as many customers it takes to judge at all; above 1 for small arms.
        config: power, confidence, smallest_share.

    Returns:
        The recommendation; customers needed beyond those tried, None unless it is `test`. They are
        counted for an effect as far from 0 or from the cost as the measured one, whichever is
        further, at the same share left alone.
    """
    cost = cost_per_head or 0.0
    tried = spend.treated_count + spend.holdout_count
    worth = max(abs(spend.difference), abs(cost - spend.difference))
    if not cost:
        worth = max(worth, config.smallest_share * max(spend.holdout_mean, 0.0))
    detectable = minimum_detectable_effect(
        spend.standard_error, confidence=config.confidence, power=config.power
    )
    times = (detectable / worth) ** 2 if worth > 0 else 1.0
    more = math.ceil(tried * max(times, short, 1.0)) - tried
    if short > 1:
        return TEST, more
    if spend.high < 0:
        return STOP, None
    if spend.low > 0:
        return (KEEP if spend.difference >= cost else CHANGE), None
    if spend.high < cost:
        return STOP, None
    return (TEST, more) if more else (CHANGE, None)


def _pooled(
    keys: list[tuple], metric: str, segment: str, sums: Sums, config: EffectsConfig
) -> tuple[list[Pair], Effect | None]:
    arms = [sums.arms(key, metric, segment) for key in keys]
    arms = [pair for pair in arms if comparable(metric, pair)]
    if not arms:
        return [], None
    return arms, adjusted_effect(arms, COVARIATES, confidence=config.confidence).effect


def _named(name: str, effect: Effect) -> dict:
    numbers = {
        "treated": effect.holdout_mean + effect.difference,
        "control": effect.holdout_mean,
        "lift": effect.difference,
        "ci_low": effect.low,
        "ci_high": effect.high,
    }
    return {
        **{f"{name}_{part}": round(number, 8) for part, number in numbers.items()},
        f"{name}_p_value": round(effect.p_value, 10),
    }


def _span(campaigns: pd.DataFrame) -> dict:
    return {
        "campaign_count": len(campaigns),
        "first_started_on": campaigns["starts_on"].min(),
        "last_closed_on": campaigns["closes_on"].max(),
    }


def _cost_per_head(campaigns: pd.DataFrame) -> float | None:
    """Of campaigns whose cost is known; None where none is."""
    known = campaigns[campaigns["budget_amount"].notna() & (campaigns["treated_count"] > 0)]
    if known.empty:
        return None
    return round(float(known["budget_amount"].sum() / known["treated_count"].sum()), 8)


def _never_tested(count: int) -> tuple[str, str]:
    return (
        f"{count}次活动都没有留出对照组，效果无从得知；下次请随机留出一成。",
        f"None of {count} campaigns left anybody alone, so nothing is known: leave a tenth alone "
        "at random next time.",
    )


def _reason(
    recommendation: str, spend: Effect, cost: float | None, more: int | None, currency: str
) -> tuple[str, str]:
    interval_zh = f"95%区间{spend.low:+.2f}至{spend.high:+.2f}，{currency}"
    measured_zh = f"人均净消费变化{spend.difference:+.2f}（{interval_zh}）"
    measured_en = (
        f"Net spend per customer changed by {spend.difference:+.2f} "
        f"(95 % interval {spend.low:+.2f} to {spend.high:+.2f}, {currency})"
    )
    cost_zh = "成本未知" if cost is None else f"人均成本{cost:.2f}"
    cost_en = "cost unknown" if cost is None else f"at a cost of {cost:.2f} per head"
    if recommendation == TEST:
        end_zh = f"证据不足，约需再试{more:,}位客户"
        end_en = f"not enough to tell; about {more:,} more customers would have to be tried"
    elif recommendation == KEEP:
        end_zh, end_en = "确有增量且不低于成本，建议保留", "a sure gain of at least its cost"
        if cost is None:
            end_zh, end_en = "确有增量，建议保留", "a sure gain"
    elif recommendation == STOP:
        end_zh, end_en = "即使按最好的估计也不划算，建议停止", "even at best it does not pay"
    elif spend.low > 0:
        end_zh, end_en = "确有增量但低于成本，建议调整", "a sure gain, but less than its cost"
    else:
        end_zh = "样本已足够，仍看不到值得的增量，建议调整"
        end_en = "enough were tried to see an effect worth having, and none was seen"
    return f"{measured_zh}，{cost_zh}；{end_zh}。", f"{measured_en}, {cost_en}: {end_en}."
