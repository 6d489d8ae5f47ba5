"""A company of 300 people: everything runs, and where there is too little to learn the rule is
served and every table says so."""

from __future__ import annotations

import pytest

from tests.conftest import Company

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.xdist_group("three_hundred")]

PREDICTIONS = {
    "customer_churn_score": "churn",
    "customer_clv": "lifetime_value",
    "customer_recommendation": "recommendation",
    "customer_promotion_response": "promotion_response",
}


@pytest.fixture(scope="module")
def company(make_company) -> Company:
    company = make_company("three_hundred")
    company.strata("simulate", "--persons", "300")
    company.strata("run")
    return company


def test_rows_and_money_balance(company: Company) -> None:
    assert company.failing_balances() == []
    assert (
        company.query("select check_name from dq_result where not passed and severity = 'error'")
        == []
    )


@pytest.mark.parametrize("table", PREDICTIONS)
def test_everybody_is_answered_for_and_the_rule_is_served(company: Company, table: str) -> None:
    where = "where item_type = 'product'" if table == "customer_recommendation" else ""
    served = company.query(f"select distinct served_by from {table} {where}")  # noqa: S608
    assert served == [("baseline",)]


def test_grades_say_who_was_served_and_beside_what(company: Company) -> None:
    unnamed = company.query(
        "select model, metric from model_eval where served is null or baseline_name is null"
    )
    assert unnamed == []
    models = {model for (model,) in company.query("select distinct model from model_eval")}
    assert {"churn", "lifetime_value", "recommendation", "category_propensity"} <= models
    # a model that is served was ahead on the newest window it was judged by
    behind = company.query(
        """
        select model, as_of_date, model_value, baseline_value
        from model_eval
        where served = 'model' and metric = 'pr_auc'
        qualify
            as_of_date = max(as_of_date) over (partition by model)
            and model_value <= baseline_value
        """
    )
    assert behind == []


def test_words_without_enough_reviews_are_read_by_the_lexicon(company: Company) -> None:
    served = {who for (who,) in company.query("select distinct served_by from review_sentiment")}
    assert served <= {"lexicon", "stars"}


def test_a_second_run_changes_no_answer(company: Company) -> None:
    query = "select count(*), sum(churn_probability) from customer_churn_score"
    before = company.query(query)
    company.strata("run")
    assert company.query(query) == before
