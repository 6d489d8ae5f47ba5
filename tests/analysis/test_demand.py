"""Demand: an oracle, sums to the digit, no look ahead, honest fallbacks and honest service."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.demand import (
    DemandConfig,
    Promotions,
    demand_card,
    forecast_demand,
    save_model,
)
from orchestration.analysis.demand.drift import demand_drift
from orchestration.analysis.demand.grading import defend, metrics
from orchestration.analysis.demand.intervals import LEVELS, WIDE, Spread, fit_spreads
from orchestration.analysis.demand.methods import SPLITS, Known, forecast_categories
from orchestration.analysis.demand.panel import build_panel
from orchestration.analysis.demand.rules import apply_rule
from orchestration.analysis.demand.seasons import calendar_factors
from orchestration.analysis.demand.smoothing import Grid, smooth
from orchestration.analysis.demand.walk_forward import best_candidate, best_rule, walk_forward
from tests.benchmarks.demand import JEWELLERY, JEWELLERY_SES, forecast_of, invented_sales
from tests.benchmarks.demand import jewellery_grades as grades_of_jewellery

MONDAY = date(2024, 1, 1)
CONFIG = DemandConfig()


def weekly(units, *, segment: str = "core", category: str = "Food", start: date = MONDAY):
    """Sales of one segment and category, one number per week."""
    weeks = [start + timedelta(days=7 * number) for number in range(len(units))]
    columns = {"segment": segment, "category": category, "week": weeks}
    return pd.DataFrame({**columns, "quantity": np.asarray(units), "line_count": 1})


def panel_of(sales: pd.DataFrame):
    end = max(sales["week"]) + timedelta(days=6)
    return build_panel(
        sales,
        as_of_date=end,
        first_sale_date=min(sales["week"]),
        last_sale_date=end,
        max_weeks=209,
    )


def pooled(result) -> pd.DataFrame:
    """Grades over all origins, by metric."""
    rows = result.evaluation
    return rows[rows["model"] == "segment_demand"].set_index("metric")


# ---------------------------------------------------------------- smoothing against an oracle


@pytest.mark.parametrize(
    ("alpha", "beta", "phi"), [(0.3, 0.0, 0.0), (0.4, 0.1, 0.9), (0.65, 0.05, 0.8)]
)
@pytest.mark.parametrize("seasonal", [False, True])
def test_smoothing_answers_as_statsmodels_does_with_the_same_parameters(alpha, beta, phi, seasonal):
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    # twelve steps: statsmodels leaves the last week out of its own season, one round later
    season, length, steps = 13, 60, 12
    generator = np.random.default_rng(3)
    series = generator.poisson(40, length) * (1 + 0.4 * np.sin(np.arange(length) / season * 6.28))
    factors = np.maximum(series[:season] / series[:season].mean(), 0.05)
    gamma = 0.2 if seasonal else 0.0
    ours = smooth(
        series[None],
        steps,
        Grid.of([(alpha, beta, phi, gamma)]),
        first_seasons=factors[None] if seasonal else None,
    )[0]
    first_level = (series[:season] / factors).mean() if seasonal else series[:4].mean()
    has_trend = beta > 0
    oracle = ExponentialSmoothing(
        series,
        trend="add" if has_trend else None,
        damped_trend=has_trend,
        seasonal="mul" if seasonal else None,
        seasonal_periods=season if seasonal else None,
        initialization_method="known",
        initial_level=first_level,
        initial_trend=0.0 if has_trend else None,
        initial_seasonal=factors if seasonal else None,
    ).fit(
        smoothing_level=alpha,
        smoothing_trend=beta if has_trend else None,
        damping_trend=phi if has_trend else None,
        smoothing_seasonal=gamma if seasonal else None,
        optimized=False,
    )
    assert ours == pytest.approx(oracle.forecast(steps), rel=1e-9)


def test_each_series_takes_the_parameters_that_foresaw_it_best():
    grid = Grid.of([(0.05, 0, 0, 0), (0.8, 0, 0, 0)])
    step = np.r_[np.full(40, 10.0), np.full(10, 30.0)]  # a new level: only the fast one gets there
    noise = 10 + 5 * np.tile([1.0, -1.0], 25)  # no news at all: the slow one stays in the middle
    ahead = smooth(np.vstack([step, noise]), 1, grid)[:, 0]
    assert ahead[0] == pytest.approx(30, abs=0.1)
    assert ahead[1] == pytest.approx(10, abs=0.5)


# ---------------------------------------------------------------- weeks and calendar


def test_weeks_known_in_part_are_left_out_at_both_ends():
    # sales begin on a Wednesday and the day of the run is a Wednesday, too
    sales = weekly([1, 10, 20, 3])
    panel = build_panel(
        sales,
        as_of_date=MONDAY + timedelta(days=23),
        first_sale_date=MONDAY + timedelta(days=2),
        last_sale_date=MONDAY + timedelta(days=23),
        max_weeks=209,
    )
    assert panel.units.tolist() == [[[10, 20]]]
    assert (panel.first_week, panel.gap_weeks) == (MONDAY + timedelta(days=7), 1)


@pytest.mark.parametrize(
    ("as_of_day", "last_sale_day", "known_weeks", "gap"),
    [
        (27, 27, 4, 0),  # Sunday: its week is over
        (27, 24, 4, 0),  # a quiet weekend is a weekend
        (28, 28, 4, 1),  # Monday: a new week has begun
        (62, 24, 3, 6),  # files ended five weeks ago: what followed is not known to be nothing
    ],
)
def test_silence_of_files_is_no_silence_of_customers(as_of_day, last_sale_day, known_weeks, gap):
    panel = build_panel(
        weekly([1, 2, 3, 4]),
        as_of_date=MONDAY + timedelta(days=as_of_day),
        first_sale_date=MONDAY,
        last_sale_date=MONDAY + timedelta(days=last_sale_day),
        max_weeks=209,
    )
    assert (panel.week_count, panel.gap_weeks) == (known_weeks, gap)


def test_a_week_without_a_sale_is_a_zero():
    sales = weekly([5, 0, 7]).drop(index=1)
    assert panel_of(sales).units.tolist() == [[[5, 0, 7]]]


def test_sales_with_a_fault_are_refused():
    with pytest.raises(ValueError, match=r"lack \['quantity'\]"):
        panel_of(weekly([1, 2]).drop(columns="quantity"))
    with pytest.raises(ValueError, match="several rows"):
        panel_of(pd.concat([weekly([1, 2]), weekly([1])]))


def test_a_promotion_counts_by_its_days_in_the_week():
    promotions = Promotions(("double_11", "new_year"), (("1101", "1130"), ("0101", "0103")))
    weeks = [date(2024, 10, 28), date(2024, 11, 4), date(2024, 12, 30)]
    # 1 to 3 November; all of it; 1 to 3 January of the year after
    expected = np.array([[3, 0], [7, 0], [0, 3]]) / 7
    assert promotions.day_shares(weeks) == pytest.approx(expected)


def test_the_calendar_finds_what_a_promotion_brings():
    promotions = Promotions(("june",), (("0603", "0630"),))
    weeks = [MONDAY + timedelta(days=7 * number) for number in range(104 + 52)]
    share = promotions.day_shares(weeks)[:, 0]
    factors = calendar_factors(1000 * (1 + 0.5 * share[:104]), weeks, promotions)
    during, outside = factors[104:][share[104:] == 1], factors[104:][share[104:] == 0]
    assert during.mean() / outside.mean() == pytest.approx(1.5, rel=0.1)


def test_the_seasonal_rule_repeats_a_year_or_what_there_is_of_it():
    series = np.arange(60.0)[None]
    assert apply_rule("seasonal_naive", series, 3, 52).tolist() == [[8, 9, 10]]
    assert apply_rule("seasonal_naive", series, 6, 4).tolist() == [[56, 57, 58, 59, 56, 57]]
    assert apply_rule("seasonal_naive", series[:, :2], 3, 4).tolist() == [[0, 1, 0]]
    assert apply_rule("last_week", series, 2, 52).tolist() == [[59, 59]]
    assert apply_rule("four_week_mean", series, 2, 52).tolist() == [[57.5, 57.5]]


# ---------------------------------------------------------------- candidates


@pytest.mark.parametrize("length", [1, 3, 25, 26, 59, 60, 104])
@pytest.mark.parametrize("kind", ["nothing", "one sale", "a year ago only", "from now on"])
def test_every_method_says_something_sensible_of_odd_series(length, kind):
    series = np.zeros((2, length))
    if kind == "one sale":
        series[0, length // 2] = 1
    elif kind == "a year ago only":
        series[0, : max(length - 50, 1)] = 9
    elif kind == "from now on":
        series[0, -1] = 9
    weeks = [MONDAY + timedelta(days=7 * number) for number in range(length + 9)]
    said = forecast_categories(Known(series, weeks, Promotions(("x",), (("0101", "0201"),))))
    assert {"level", "damped_trend"} <= said.keys()
    for name, forecast in said.items():
        assert forecast.shape == (2, 9), name
        assert np.isfinite(forecast).all() and (forecast >= 0).all(), name
        assert forecast.max() < 100, name


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
@pytest.mark.parametrize("seed", range(3))
def test_shares_of_segments_add_up_to_one(split, seed):
    units = np.random.default_rng(seed).poisson(0.3, (4, 5, 30)).astype(float)
    units[:, 0] = 0  # a category without a sale
    assert split(units).sum(axis=0) == pytest.approx(np.ones(5))
    assert split(np.zeros((4, 5, 30))).sum(axis=0) == pytest.approx(np.ones(5))


def test_no_origin_sees_a_later_week():
    panel = panel_of(invented_sales(3, weeks=104))
    before = walk_forward(panel, Promotions(), CONFIG)
    units = panel.units.copy()
    chosen = before.origins[3]
    units[:, :, chosen.week_number :] *= 17
    after = walk_forward(replace(panel, units=units), Promotions(), CONFIG)
    for name, said in chosen.said.items():
        np.testing.assert_array_equal(said, after.origins[3].said[name])
    assert not np.array_equal(
        before.origins[4].said["last_week"], after.origins[4].said["last_week"]
    )


def test_an_origin_may_choose_only_by_what_was_over():
    panel = panel_of(invented_sales(3, weeks=104))
    walk = walk_forward(panel, Promotions(), CONFIG)
    number = walk.origins[-1].week_number
    closed = walk.closed_before(number, CONFIG.horizon_weeks)
    assert closed and all(origin.week_number + 8 <= number for origin in closed)
    assert len(closed) < len(walk.origins) - 1


def test_candidates_are_compared_where_all_of_them_spoke():
    panel = panel_of(invented_sales(2, weeks=104))
    origins = list(walk_forward(panel, Promotions(), CONFIG).origins)
    early, late = origins[0], origins[-1]
    assert "holt_winters + shares_of_13_weeks" not in early.said
    perfect = "holt_winters + shares_of_13_weeks"
    late.said[perfect] = late.actual
    assert best_candidate([early, late], late.said) == perfect
    # nobody has heard it yet
    assert best_candidate([early], late.said) in early.said
    late.said["last_week"] = late.actual
    assert best_rule([late]) == "last_week"


def test_the_candidate_in_service_stays_until_another_is_clearly_ahead():
    panel = panel_of(invented_sales(3, weeks=104))
    walk = walk_forward(panel, Promotions(), CONFIG)
    names = [name for name in walk.origins[-1].said if "+" in name]
    best = best_candidate(list(walk.origins), names)
    champion = next(name for name in names if name != best)
    generator = np.random.default_rng(1)
    for origin in walk.origins:
        # as good as the best but for luck
        said = origin.said[best]
        origin.said[champion] = said * generator.choice([0.97, 1.03], (said.shape[0], 1, 1))
    kept, notes = defend(walk, best, champion, config=CONFIG, seed=1)
    assert kept == champion
    assert champion in notes[0]
    for origin in walk.origins:
        origin.said[champion] = origin.said[best] * 5
    kept, notes = defend(walk, best, champion, config=CONFIG, seed=1)
    assert kept == best
    assert defend(walk, best, None, config=CONFIG, seed=1) == (best, [])


def test_drift_shows_where_categories_sell_otherwise_than_a_year_before():
    sales = invented_sales(12, weeks=120, seed=2)
    end = max(sales["week"]) + timedelta(days=6)
    steady = demand_drift(sales, as_of_date=end).set_index("feature")
    assert steady.loc["weekly_sales", "psi"] < 0.5
    lately = sales["week"] > end - timedelta(weeks=8)
    sales.loc[lately, "quantity"] = sales.loc[lately, "quantity"] * 6 + 40
    moved = demand_drift(sales, as_of_date=end).set_index("feature")
    assert moved.loc["weekly_sales", "level"] == "large"
    # an open week is no week
    opened = demand_drift(sales, as_of_date=end - timedelta(weeks=9, days=3))
    assert opened.set_index("feature").loc["weekly_sales", "psi"] < 0.5
    assert demand_drift(sales, as_of_date=end - timedelta(weeks=50)).empty


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize("common", [0.0, 0.2])
def test_intervals_hold_nine_in_ten_whether_buyers_move_alone_or_together(common):
    generator = np.random.default_rng(5)
    said = np.broadcast_to(generator.gamma(1, 20, (5, 6, 1)), (5, 6, 8))

    def outcome():
        swing = np.exp(generator.normal(0, common, (1, 1, 8))) if common else 1.0
        return generator.poisson(said * swing)

    spreads = fit_spreads([(said, outcome()) for _ in range(12)], 0.9)
    inside = {level: [] for level in LEVELS}
    for _ in range(200):
        actual = outcome()
        for level, axes in LEVELS.items():
            low, high = spreads[level].interval(said.sum(axis=axes))
            total = actual.sum(axis=axes)
            inside[level].append(((low <= total) & (total <= high)).mean())
    coverage = {level: float(np.mean(shares)) for level, shares in inside.items()}
    assert all(0.85 <= share <= 0.97 for share in coverage.values()), coverage


def test_few_errors_give_wide_intervals():
    assert fit_spreads([], 0.9)["pair"] == WIDE
    assert Spread(0.0, -9.0, 1.0).interval(np.array([4.0]))[0].tolist() == [0.0]


# ---------------------------------------------------------------- the whole


@pytest.fixture(scope="module")
def seasonal_result():
    return forecast_of(invented_sales(4, weeks=120, seed=2))


def test_pairs_sum_to_their_sums_to_the_digit(seasonal_result):
    forecast = seasonal_result.forecast
    thousandths = (forecast["quantity"] * 1000).round().astype("int64")
    assert np.array_equal(thousandths / 1000, forecast["quantity"])
    pairs = forecast[forecast["level"] == "pair"].assign(quantity=thousandths)
    for level, keys in {
        "category": ["category", "week"], "segment": ["segment", "week"], "total": ["week"],
    }.items():  # fmt: skip
        stated = forecast[forecast["level"] == level].assign(quantity=thousandths)
        stated = stated.set_index(keys)["quantity"].sort_index()
        pd.testing.assert_series_equal(pairs.groupby(keys)["quantity"].sum(), stated)


def test_forecast_has_every_pair_and_week_once_with_ends_around_it(seasonal_result):
    forecast = seasonal_result.forecast
    assert len(forecast) == (6 + 1) * (4 + 1) * 8
    assert not forecast.duplicated(["segment", "category", "week"]).any()
    assert forecast.notna().all().all()
    assert (forecast["low"] >= 0).all()
    assert (forecast["low"] <= forecast["quantity"]).all()
    assert (forecast["quantity"] <= forecast["high"]).all()
    first = forecast[forecast["horizon_week"] == 1]["week"]
    assert set(first) == {forecast["as_of_date"].iloc[0] + timedelta(days=1)}


def test_a_season_is_foreseen_and_the_model_served(seasonal_result):
    grades = pooled(seasonal_result)
    wape = grades.loc["wape"]
    assert seasonal_result.served_by == "model"
    assert wape["model_value"] < 0.9 * wape["baseline_value"]
    to_seasonal = grades.loc["wape_to_seasonal_naive"]
    assert to_seasonal["baseline_name"] == "seasonal_naive"
    assert to_seasonal["model_value"] < 0.9 * to_seasonal["baseline_value"]
    assert 0.85 <= grades.loc["interval_coverage"]["model_value"] <= 0.95
    # the best that anybody could say who knew every rate: what is left is chance
    assert wape["model_value"] < 0.25
    assert not seasonal_result.evaluation.duplicated(["model", "metric", "as_of_date"]).any()


def test_litres_do_not_outweigh_pieces():
    sales = invented_sales(3, weeks=120, seed=2)
    thousand = sales.copy()
    fuel = thousand["category"] == "category 0001"
    thousand.loc[fuel, "quantity"] *= 1000
    grades, again = (pooled(forecast_of(rows))["model_value"] for rows in (sales, thousand))
    assert again["wape"] == pytest.approx(grades["wape"], rel=0.02)
    assert again["graded_lines"] == pytest.approx(grades["graded_lines"])


def test_where_the_rule_is_best_the_rule_is_served():
    # every year is the last one again, week by week and without any course through the year
    generator = np.random.default_rng(8)
    year = generator.poisson(60, (3, 52)) * generator.choice([0, 1, 4], (3, 52))
    sales = pd.concat(
        weekly(np.tile(row, 3)[:130], category=f"c{number}") for number, row in enumerate(year)
    )
    result = forecast_of(sales)
    assert result.served_by == "baseline"
    assert result.description["served"] == "seasonal_naive"
    said = result.forecast[result.forecast["level"] == "pair"]
    assert said["quantity"].tolist() == year[:, 26:34].ravel().tolist()
    assert (result.evaluation["served"] == "baseline").all()


@pytest.mark.parametrize("weeks", [1, 2, 12, 20, 28])
def test_a_young_company_is_told_that_nothing_could_be_graded(weeks):
    result = forecast_of(invented_sales(2, weeks=weeks))
    assert result.served_by == "baseline"
    assert len(result.forecast) == 7 * 3 * 8
    assert result.evaluation.empty
    assert "Not graded" in result.notes[0]
    if weeks < 21:
        assert result.description["served"] == "four_week_mean"


def test_a_year_of_history_is_graded_against_a_month_repeated():
    result = forecast_of(invented_sales(4, weeks=52))
    grades = pooled(result).to_dict("index")
    assert grades["season_weeks"]["model_value"] == 4
    assert grades["origin_count"]["model_value"] >= 3


def test_a_company_that_hardly_sells_anything_is_served_the_rule():
    sales = weekly([0.0] * 100)
    sales.loc[[5, 50, 99], "quantity"] = 1.0
    result = forecast_of(sales)
    assert result.served_by == "baseline"
    assert len(result.forecast) == 4 * 8


@pytest.mark.parametrize(
    "sales", [weekly([]), weekly([5.0])], ids=["no sale at all", "a first week not over"]
)
def test_without_a_whole_week_nothing_is_forecast(sales):
    days = [MONDAY + timedelta(days=1)] * 2 if len(sales) else [None, None]
    result = forecast_demand(
        sales,
        Promotions(),
        as_of_date=MONDAY + timedelta(days=3),
        first_sale_date=days[0],
        last_sale_date=days[1],
        seed=360,
    )
    assert result.forecast.empty and result.evaluation.empty and result.description == {}
    assert "nothing is forecast" in result.notes[0]


def test_row_order_changes_nothing_and_a_later_week_changes_the_version(seasonal_result):
    sales = invented_sales(4, weeks=120, seed=2)
    again = forecast_of(sales.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(again.forecast, seasonal_result.forecast)
    pd.testing.assert_frame_equal(again.evaluation, seasonal_result.evaluation)
    earlier = forecast_of(sales[sales["week"] < max(sales["week"])])
    assert earlier.model_version != seasonal_result.model_version


def test_what_was_decided_is_kept_as_text(seasonal_result, tmp_path):
    path = save_model(seasonal_result, tmp_path)
    assert path.name == f"{seasonal_result.model_version}.json"
    assert seasonal_result.description["served"] in path.read_text()
    assert list(path.parent.iterdir()) == [path]


def test_the_card_shows_grades_and_coming_weeks(seasonal_result):
    text = demand_card(seasonal_result).markdown()
    assert seasonal_result.model_version in text
    assert text.count("data:image/png;base64,") == 2
    assert seasonal_result.description["served"] in text
    assert len(seasonal_result.year_before) == 8


def test_a_young_company_has_a_card_without_grades_and_an_empty_one_none():
    young = forecast_of(invented_sales(2, weeks=12))
    assert young.year_before == []
    assert "暂无评估" in demand_card(young).markdown()
    empty = forecast_demand(
        weekly([]),
        Promotions(),
        as_of_date=MONDAY,
        first_sale_date=None,
        last_sale_date=None,
        seed=1,
    )
    assert demand_card(empty) is None


def test_metrics_by_hand():
    panel = panel_of(weekly([float(unit) for unit in [4, 6] * 52]))
    origin = walk_forward(panel, Promotions(), CONFIG).origins[-1]
    answer = type("Answer", (), {})()
    answer.origin, answer.name = origin, "last_week"
    answer.inside = {level: np.array([True, False]) for level in LEVELS}
    found = metrics([answer])
    # eight weeks of 4 and 6 in turn, all foreseen as the last: off by 2 in every other of them
    assert found["wape"] == pytest.approx(8 / 40)
    # the change from week to week was always 2
    assert found["mase"] == pytest.approx(0.5)
    assert abs(found["aggregate_error"]) == pytest.approx(0.2)
    assert found["interval_coverage"] == 0.5


@pytest.mark.skipif(not JEWELLERY.exists(), reason="jewelry_weekly_sales is not at hand")
def test_jewellery_is_foreseen_better_than_by_smoothing_it():
    grades = grades_of_jewellery()
    assert grades["mase"] < 0.9 * JEWELLERY_SES
    assert 0.85 <= grades["interval_coverage"] <= 0.95
