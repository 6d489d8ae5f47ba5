"""Campaign effects: estimators by hand and against regressions, verdicts, strategies, plans."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.effects import (
    CAMPAIGN_COLUMNS,
    EFFECT_COLUMNS,
    STRATEGY_COLUMNS,
    measure_campaigns,
    report_strategies,
)
from orchestration.analysis.effects.config import (
    COVARIATES,
    PRODUCT_COLUMNS,
    SUM_COLUMNS,
    VARIABLES,
)
from orchestration.analysis.effects.estimates import (
    adjusted_effect,
    joint_moments,
    joint_moments_of_sums,
    plain_effect,
    stratified_effect,
)
from orchestration.analysis.effects.planning import plan_campaign
from orchestration.analysis.effects.strategy import recommend
from orchestration.analysis.experiments import (
    Effect,
    effect,
    minimum_detectable_effect,
    moments,
    pooled_effect,
)

AS_OF = date(2025, 12, 31)


def arm(count: int, *, lift: float = 0.0, seed: int = 1) -> np.ndarray:
    """Spend, orders and what was known before of `count` customers, (n, 6)."""
    rng = np.random.default_rng(seed)
    before = rng.gamma(1.0, 50, count)
    orders = rng.poisson(0.2 + before / 100)
    spend = orders * rng.gamma(2.0, 30, count) + lift
    noise = rng.poisson(1.0, count)
    return np.column_stack([spend, orders, before, noise, np.full(count, 0.1), np.zeros(count)])


# ---------------------------------------------------------------- estimators


def test_a_mean_is_compared_as_experiments_compare_it() -> None:
    treated, holdout = arm(300, lift=5), arm(200, seed=2)
    by_hand = effect(moments(treated[:, 0]), moments(holdout[:, 0]))
    found = plain_effect([(joint_moments(treated), joint_moments(holdout))])
    assert found.difference == pytest.approx(by_hand.difference)
    assert (found.low, found.high) == pytest.approx((by_hand.low, by_hand.high))
    assert (found.treated_mean, found.p_value) == pytest.approx(
        (by_hand.treated_mean, by_hand.p_value)
    )


def test_several_campaigns_are_pooled_as_experiments_pool_them() -> None:
    pairs = [(arm(300, seed=1), arm(30, seed=2)), (arm(80, lift=9, seed=3), arm(90, seed=4))]
    by_hand = pooled_effect([(moments(t[:, 0]), moments(h[:, 0])) for t, h in pairs])
    found = plain_effect([(joint_moments(t), joint_moments(h)) for t, h in pairs])
    assert (found.difference, found.standard_error) == pytest.approx(
        (by_hand.difference, by_hand.standard_error)
    )
    assert found.treated_mean - found.holdout_mean == pytest.approx(found.difference)


def test_a_ratio_has_the_error_that_drawing_again_shows() -> None:
    treated, holdout = arm(2000, lift=2), arm(1500, seed=2)
    found = plain_effect([(joint_moments(treated), joint_moments(holdout))], is_ratio=True)
    ratio = treated[:, 0].sum() / treated[:, 1].sum() - holdout[:, 0].sum() / holdout[:, 1].sum()
    assert found.difference == pytest.approx(ratio)
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(400):
        sides = [side[rng.integers(len(side), size=len(side))] for side in (treated, holdout)]
        drawn.append(np.subtract(*(side[:, 0].sum() / side[:, 1].sum() for side in sides)))
    assert found.standard_error == pytest.approx(np.std(drawn), rel=0.12)


def test_adjusting_is_a_regression_on_what_was_known_before() -> None:
    treated, holdout = arm(400, lift=8), arm(300, seed=2)
    pair = joint_moments(treated), joint_moments(holdout)
    found = adjusted_effect([pair], COVARIATES)
    rows = np.vstack([treated, holdout])
    is_treated = np.arange(700) < 400
    design = np.column_stack([np.ones(700), is_treated, rows[:, 2:4]])
    slopes, residual, *_ = np.linalg.lstsq(design, rows[:, 0], rcond=None)
    assert found.effect.difference == pytest.approx(slopes[1])
    # the regression takes one variance for both arms, which are nearly alike here
    variance = residual[0] / (700 - 4) * np.linalg.inv(design.T @ design)[1, 1]
    assert found.effect.standard_error == pytest.approx(np.sqrt(variance), rel=0.03)
    plain = plain_effect([pair])
    assert found.variance_reduction == pytest.approx(
        1 - (found.effect.standard_error / plain.standard_error) ** 2
    )
    assert found.variance_reduction > 0.1


def test_what_does_not_vary_or_cannot_be_learnt_adjusts_nothing() -> None:
    treated, holdout = arm(40), arm(40, seed=2)
    pair = joint_moments(treated), joint_moments(holdout)
    for covariates in ((4, 5), ()):
        found = adjusted_effect([pair], covariates)
        assert found.variance_reduction == 0
        assert found.effect == plain_effect([pair])
    tiny = joint_moments(arm(2)), joint_moments(arm(2, seed=2))
    assert adjusted_effect([tiny], COVARIATES).variance_reduction == 0


def test_strata_weigh_as_the_treated_are_spread() -> None:
    def side(count: int, value: float) -> np.ndarray:
        rows = np.zeros((count, len(VARIABLES)))
        rows[:, 0] = value + np.where(np.arange(count) % 2, 1.0, -1.0)
        return rows

    strata = [
        (joint_moments(side(30, 10)), joint_moments(side(300, 8))),
        (joint_moments(side(10, 2)), joint_moments(side(10, 4))),
    ]
    found = stratified_effect(strata)
    # 3/4 of (10 - 8) and 1/4 of (2 - 4)
    assert found.difference == pytest.approx(1.0)
    # the variance of a half at -1 and a half at +1 is n / (n - 1)
    variance = 0.75**2 * (1 / 29 + 1 / 299) + 0.25**2 * (1 / 9 + 1 / 9)
    assert found.standard_error == pytest.approx(np.sqrt(variance))


def test_arms_of_one_and_ratios_of_nothing_are_refused() -> None:
    one, many = joint_moments(arm(1)), joint_moments(arm(9))
    with pytest.raises(ValueError, match="two units in each arm, got 1"):
        plain_effect([(one, many)])
    with pytest.raises(ValueError, match="at least one experiment"):
        stratified_effect([])
    nothing = joint_moments(np.zeros((9, len(VARIABLES))))
    with pytest.raises(ValueError, match="denominator above 0"):
        plain_effect([(many, nothing)], is_ratio=True)
    assert joint_moments_of_sums(0, np.zeros(2), np.zeros((2, 2))).count == 0


# ---------------------------------------------------------------- campaigns


def campaign(campaign_id: str, **changes) -> dict:
    return {
        "source": "s",
        "campaign_id": campaign_id,
        "method": "holdout",
        "campaign_name": "n",
        "campaign_type": "coupon",
        "starts_on": date(2025, 11, 1),
        "closes_on": date(2025, 11, 28),
        "window_days": 28,
        "is_final": True,
        "holdout_share": None,
        "budget_amount": 1000.0,
        "treated_count": 400,
        "control_count": 300,
        **changes,
    }


def sums_of(values: np.ndarray, campaign_id: str, is_treated: bool, **changes) -> dict:
    """One row of int_campaign_moments."""
    upper = np.triu_indices(len(VARIABLES))
    return {
        "source": "s",
        "campaign_id": campaign_id,
        "method": "holdout",
        "segment": "core",
        "stratum": "all",
        "metric": "arpu",
        "is_treated": is_treated,
        "unit_count": len(values),
        "nonzero_count": int(np.count_nonzero(values[:, 0])),
        **dict(zip(SUM_COLUMNS, values.sum(axis=0), strict=True)),
        **dict(zip(PRODUCT_COLUMNS, (values.T @ values)[upper], strict=True)),
        **changes,
    }


def moments_of(campaign_id: str, *, lift: float, count: int = 400, seed: int = 1) -> list[dict]:
    """Spend and conversion of two segments, half of each."""
    rows = []
    for number, segment in enumerate(("core", "unknown")):
        for is_treated in (True, False):
            size = count // 2 if is_treated else count * 3 // 8
            values = arm(size, lift=lift * is_treated, seed=seed * 10 + number * 2 + is_treated)
            rows.append(sums_of(values, campaign_id, is_treated, segment=segment))
            values[:, 0] = values[:, 0] > lift * is_treated
            rows.append(
                sums_of(values, campaign_id, is_treated, segment=segment, metric="conversion_rate")
            )
    return rows


def measured(campaigns: list[dict], rows: list[dict]) -> pd.DataFrame:
    return measure_campaigns(
        pd.DataFrame(campaigns, columns=list(CAMPAIGN_COLUMNS)), pd.DataFrame(rows)
    )


def test_an_effect_is_found_for_everybody_and_by_segment_and_earns_its_money() -> None:
    found = measured([campaign("K")], moments_of("K", lift=60))
    assert list(found.columns) == list(EFFECT_COLUMNS)
    # whoever was in no segment counts in everybody only
    assert set(found["segment"]) == {"all", "core"}
    rows = found.set_index(["segment", "metric"])
    spend = rows.loc[("all", "arpu")]
    assert spend["ci_low"] < 60 < spend["ci_high"]
    assert spend["cuped_ci_low"] < 60 < spend["cuped_ci_high"]
    assert spend["verdict"] == "positive"
    assert rows.loc[("core", "arpu"), "treated_count"] == 200
    revenue, roi = rows.loc[("all", "incremental_revenue")], rows.loc[("all", "roi")]
    assert revenue["lift"] == pytest.approx(spend["lift"] * 400)
    assert roi["lift"] == pytest.approx(revenue["lift"] / 1000 - 1)
    assert roi["verdict"] == "positive"
    assert rows.loc[("all", "cost"), "treated"] == 1000
    assert spend["minimum_detectable_effect"] == pytest.approx(
        minimum_detectable_effect((spend["ci_high"] - spend["ci_low"]) / 2 / 1.959964), rel=1e-4
    )


def test_many_comparisons_are_adjusted_together() -> None:
    from scipy.stats import false_discovery_control

    found = measured([campaign("K")], moments_of("K", lift=15))
    compared = found[
        found["p_value_adjusted"].notna() & found["metric"].isin(["arpu", "conversion_rate"])
    ]
    assert len(compared) == 4
    assert compared["p_value_adjusted"].to_numpy() == pytest.approx(
        false_discovery_control(compared["p_value"], method="bh"), abs=1e-9
    )
    assert (compared["p_value_adjusted"] >= compared["p_value"]).all()


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({"is_final": False}, {"interim"}),
        # 300 of 700 were left alone where half was planned
        ({"holdout_share": 0.5}, {"not_comparable"}),
        ({"holdout_share": 0.43}, {"positive", "inconclusive"}),
    ],
)
def test_what_may_be_said(changes: dict, verdicts: set) -> None:
    found = measured([campaign("K", **changes)], moments_of("K", lift=60))
    assert set(found.loc[found["lift"].notna(), "verdict"]) == verdicts


def test_small_arms_are_shown_and_not_judged() -> None:
    found = measured([campaign("K")], moments_of("K", lift=500, count=40))
    compared = found[found["metric"] == "arpu"].set_index("segment")
    # 20 and 15 in core; 40 and 30 in all
    assert compared.loc["core", "verdict"] == "too_few"
    assert pd.isna(compared.loc["core", "p_value_adjusted"])
    assert compared.loc["core", "lift"] > 0
    assert compared.loc["all", "verdict"] == "positive"


def test_a_rate_of_nothing_is_not_judged() -> None:
    # 300 left alone of whom nobody ordered: by the normal distribution the rate would be sure
    values = np.zeros((300, len(VARIABLES)))
    ordered = values.copy()
    ordered[:40, 0] = 1
    rows = [
        sums_of(ordered, "K", True, metric="conversion_rate"),
        sums_of(values, "K", False, metric="conversion_rate"),
    ]
    found = measured([campaign("K")], rows)
    assert set(found.loc[found["metric"] == "conversion_rate", "verdict"]) == {"too_few"}


def test_fewer_matched_people_than_signs_are_not_judged() -> None:
    # 3 and 3 stand in a stratum that both sides have; 60 who ordered on each side do not
    def side(is_treated: bool) -> list[dict]:
        ordered = np.zeros((60, len(VARIABLES)))
        ordered[:, 0] = 1
        alone = sums_of(ordered, "K", is_treated, stratum=f"only {is_treated}")
        both = sums_of(ordered[:3], "K", is_treated, stratum="both")
        kept = {"method": "matched", "metric": "conversion_rate"}
        return [{**row, **kept} for row in (alone, both)]

    found = measured([campaign("K", method="matched")], [*side(True), *side(False)])
    rates = found[found["metric"] == "conversion_rate"]
    assert set(rates["verdict"]) == {"too_few"}
    assert set(rates["treated_count"]) == {3}


def test_order_of_rows_changes_nothing_and_nothing_gives_nothing() -> None:
    campaigns = [campaign("K"), campaign("L", campaign_type="care")]
    rows = moments_of("K", lift=9) + moments_of("L", lift=0, seed=2)
    found = measured(campaigns, rows)
    pd.testing.assert_frame_equal(found, measured(campaigns[::-1], rows[::-1]))
    empty = measure_campaigns(
        pd.DataFrame(columns=list(CAMPAIGN_COLUMNS)), pd.DataFrame(rows).head(0)
    )
    assert empty.empty
    assert list(empty.columns) == list(EFFECT_COLUMNS)
    with pytest.raises(ValueError, match=r"moments lacks \['sum_y'\]"):
        measure_campaigns(pd.DataFrame(campaigns), pd.DataFrame(rows).drop(columns="sum_y"))


# ---------------------------------------------------------------- strategies


def spend_effect(low: float, high: float, count: int = 500) -> Effect:
    middle, error = (low + high) / 2, (high - low) / 2 / 1.959964
    return Effect(count, count, np.nan, 100.0, middle, error, low, high, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "cost", "short", "expected"),
    [
        (5, 15, 4, 0, "keep"),
        (5, 15, None, 0, "keep"),
        # surely more, 10 a head, at 12 a head
        (5, 15, 12, 0, "change"),
        (-15, -5, 1, 0, "stop"),
        # at best 8 a head at 9 a head
        (-4, 8, 9, 0, "stop"),
        (-4, 12, 9, 0, "test"),
        (-4, 12, None, 0, "test"),
        # nobody knows the cost, and 5 % of 100 would have shown
        (-1, 1, None, 0, "change"),
        # the same figures of arms that are too small to judge
        (5, 15, 4, 1.5, "test"),
    ],
)
def test_what_to_do(low, high, cost, short, expected) -> None:
    recommendation, more = recommend(spend_effect(low, high), cost, short=short)
    assert recommendation == expected
    assert (more is not None) == (expected == "test")
    if more is not None:
        assert more > 0


def test_customers_needed_are_those_that_would_have_shown_it() -> None:
    # 4 a head at 9: the further of 4 (from nothing) and 5 (from the cost) would be seen with a
    # standard error of 5 / 2.8016, and the error falls with the root of the count
    found, more = recommend(spend_effect(-4, 12), 9.0)
    error = 8 / 1.959964
    assert (found, more) == ("test", int(np.ceil(1000 * (2.801585 * error / 5) ** 2)) - 1000)


def test_kinds_of_campaigns_are_pooled_over_the_last_months() -> None:
    campaigns = [
        campaign("K"),
        campaign("L", starts_on=date(2024, 3, 1), closes_on=date(2024, 3, 28)),
        campaign("OPEN", is_final=False),
        campaign("BROKEN", holdout_share=0.5),
        campaign("NONE", campaign_type=None, method="matched", control_count=0),
    ]
    rows = [row for c in ("K", "L", "OPEN", "BROKEN") for row in moments_of(c, lift=60)]
    frames = pd.DataFrame(campaigns, columns=list(CAMPAIGN_COLUMNS)), pd.DataFrame(rows)
    found = report_strategies(*frames, as_of_date=AS_OF, currency="CNY")
    assert list(found.columns) == list(STRATEGY_COLUMNS)
    rows = found.set_index(["campaign_type", "segment", "months"])
    assert rows.loc[("coupon", "all", 12), "campaign_count"] == 1
    pooled = rows.loc[("coupon", "all", 24)]
    assert pooled["campaign_count"] == 2
    assert pooled["treated_count"] == 800
    assert pooled["arpu_ci_low"] < 60 < pooled["arpu_ci_high"]
    assert pooled["arpu_treated"] - pooled["arpu_control"] == pytest.approx(pooled["arpu_lift"])
    assert pooled["cost_per_head"] == 2.5
    assert pooled["recommendation"] == "keep"
    assert "CNY" in pooled["reason_en"]
    assert "建议保留" in pooled["reason_zh"]
    untried = rows.loc[("-", "all", 12)]
    assert untried["recommendation"] == "test"
    assert pd.isna(untried["arpu_lift"])
    assert "a tenth" in untried["reason_en"]


# ---------------------------------------------------------------- plans


def test_a_plan_says_what_halves_and_tenths_could_show() -> None:
    values = arm(4000)
    plan = plan_campaign(joint_moments(values), 1000, [0.5, 0.1, 0.02]).set_index("holdout_share")
    spread = values[:, 0].std(ddof=1)
    # 2.8016 standard errors of the difference between 500 and 500, 900 and 100
    assert plan.loc[0.5, "smallest_effect"] == pytest.approx(2.801585 * spread * np.sqrt(2 / 500))
    assert plan.loc[0.1, "smallest_effect"] == pytest.approx(
        2.801585 * spread * np.sqrt(1 / 900 + 1 / 100)
    )
    assert (plan["smallest_effect_adjusted"] < plan["smallest_effect"]).all()
    assert plan["is_enough"].tolist() == [False, True, True]
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        plan_campaign(joint_moments(values), 1000, [0.1, 1.0])


def test_a_planned_effect_is_seen_as_often_as_promised() -> None:
    values = arm(4000)
    plan = plan_campaign(joint_moments(values), 1000, [0.2]).iloc[0]
    rng = np.random.default_rng(9)
    seen = 0
    for _ in range(400):
        chosen = values[rng.choice(4000, 1000, replace=False)]
        chosen[:800, 0] += plan["smallest_effect"]
        pair = joint_moments(chosen[:800]), joint_moments(chosen[800:])
        seen += plain_effect([pair]).low > 0
    assert 0.74 < seen / 400 < 0.90
