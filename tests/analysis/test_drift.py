"""Drift: the index by hand, its border cases, and who is told."""

from __future__ import annotations

from datetime import date

import dagster as dg
import numpy as np
import pytest

from orchestration.analysis.drift import (
    drift_rows,
    drift_since,
    no_drift,
    population_stability,
)
from orchestration.checks.drift import drift_results

SCORES = dg.AssetKey(["analysis", "customer_churn_score"])


def test_index_by_hand() -> None:
    # two bins of a half each became a quarter and three quarters
    then = np.array([0.0, 0.0, 1.0, 1.0])
    now = np.array([0.0, 1.0, 1.0, 1.0])
    expected = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert population_stability(then, now, bins=2) == pytest.approx(expected, abs=1e-3)
    assert population_stability(then, now[::-1], bins=2) == population_stability(then, now, bins=2)


def test_the_same_people_have_not_drifted_and_others_have() -> None:
    generator = np.random.default_rng(1)
    then = generator.normal(size=4000)
    assert population_stability(then, then) == 0
    assert population_stability(then, generator.normal(size=4000)) < 0.02
    assert 0.1 < population_stability(then, generator.normal(0.4, 1, size=4000)) < 0.25
    assert population_stability(then, generator.normal(1, 1, size=4000)) > 0.25


def test_unknown_values_are_a_bin_and_constants_and_nobody_are_no_error() -> None:
    then, now = np.array([1.0] * 100), np.array([1.0] * 50 + [np.nan] * 50)
    assert population_stability(then, then) == 0
    assert population_stability(then, now) > 0.25
    assert np.isnan(population_stability(then, np.empty(0)))
    assert population_stability(np.full(10, np.nan), np.full(10, np.nan)) == 0


def test_a_score_that_moved_warns_and_growing_ages_do_not() -> None:
    old, young = np.arange(1000.0), np.arange(1000.0) + 900
    rows = drift_rows(
        {"score": old, "days_since_first_order": old, "order_count_90d": old},
        {"score": young, "days_since_first_order": young, "order_count_90d": old},
        model="churn",
        reference_date=date(2025, 9, 30),
        as_of_date=date(2025, 12, 31),
    )
    assert list(rows["feature"]) == ["score", "days_since_first_order", "order_count_90d"]
    assert list(rows["level"]) == ["large", "large", "stable"]
    results = {result.check_name: result for result, _ in drift_results(SCORES, rows)}
    assert not results["score_drift"].passed
    assert results["score_drift"].severity == dg.AssetCheckSeverity.WARN
    assert results["feature_drift"].passed
    assert all(result.passed for result, _ in drift_results(SCORES, no_drift()))
    names = {outcome.name for _, outcome in drift_results(SCORES, rows)}
    assert names == {"customer_churn_score.score_drift", "customer_churn_score.feature_drift"}


def test_lately_is_compared_with_the_year_before() -> None:
    as_of = date(2025, 12, 31)
    days = np.datetime64(as_of) - np.arange(600)
    # what is older than the year before, or later than the day, is looked at by nobody
    values = np.where(np.arange(600) < 90, 1.0, np.where(np.arange(600) < 455, 0.0, 9.0))
    rows = drift_since({"score": values}, days, model="m", as_of_date=as_of)
    assert list(rows["level"]) == ["large"]
    assert list(rows["reference_date"]) == [date(2025, 10, 2)]
    early = drift_since({"score": values}, days - 400, model="m", as_of_date=as_of)
    assert early.empty
    same = drift_since({"score": np.arange(600.0) % 7}, days, model="m", as_of_date=as_of)
    assert list(same["level"]) == ["stable"]
