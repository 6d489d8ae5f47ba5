"""Grading: metrics against hand-worked values and scikit-learn, time splits by hand."""

from datetime import date

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from orchestration.analysis.evaluation import (
    calibration_error,
    evaluation_rows,
    lift_top_decile,
    pr_auc,
    probability_metrics,
    split_by_time,
    win_share,
)

YEAR = [
    date(2024, month, day)
    for month, day in zip(
        range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True
    )
]


def test_split_leaves_a_whole_horizon_between_training_and_evaluation():
    split = split_by_time(
        [*YEAR, date(2024, 10, 5)], observed_until=date(2024, 12, 31), horizon_days=90
    )
    # 30 September + 90 days = 29 December: the last month-end observed in full.
    assert split.evaluation_date == date(2024, 9, 30)
    # 30 June + 90 days = 28 September; 31 July would end on 29 October.
    assert split.training_dates == tuple(YEAR[:6])
    assert split.validation_date == date(2024, 6, 30)
    # 31 March + 90 days = 29 June.
    assert split.inner_training_dates == tuple(YEAR[:3])
    assert date(2024, 10, 5) not in split.labelled_dates


def test_split_window_that_ends_on_the_last_observed_day_is_closed():
    split = split_by_time([date(2024, 1, 31)], observed_until=date(2024, 3, 1), horizon_days=30)
    assert split.evaluation_date == date(2024, 1, 31)
    assert split.training_dates == ()
    earlier = split_by_time([date(2024, 1, 31)], observed_until=date(2024, 2, 29), horizon_days=30)
    assert earlier.evaluation_date is None


def test_split_refuses_a_horizon_of_no_days():
    with pytest.raises(ValueError, match="horizon_days"):
        split_by_time(YEAR, observed_until=date(2024, 12, 31), horizon_days=0)


@pytest.mark.parametrize("seed", range(5))
def test_pr_auc_equals_scikit_learn_with_ties_and_weights(seed):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, 300)
    score = generator.integers(0, 12, 300).astype(float)
    weight = generator.integers(0, 3, 300).astype(float)
    assert pr_auc(truth, score) == pytest.approx(average_precision_score(truth, score))
    expected = average_precision_score(truth, score, sample_weight=weight)
    assert pr_auc(truth, score, weight) == pytest.approx(expected)


def test_calibration_error_by_hand():
    # Bin 0.2: predicted 0.2, observed 0.5, gap 0.3; bin 0.9: predicted 0.9, observed 1, gap 0.1.
    truth = np.array([0, 1, 1, 1])
    probability = np.array([0.2, 0.2, 0.9, 0.9])
    assert calibration_error(truth, probability) == pytest.approx(0.5 * 0.3 + 0.5 * 0.1)


def test_lift_shares_ties_in_proportion_whatever_the_row_order():
    truth = np.array([1] * 5 + [0] * 15)
    # All tied: the top tenth is a random tenth, so the lift is 1.
    assert lift_top_decile(truth, np.zeros(20)) == pytest.approx(1.0)
    # The two rows on top are both 1s; base rate 1/4, so the lift is 4.
    score = np.arange(20, 0, -1).astype(float)
    assert lift_top_decile(truth, score) == pytest.approx(4.0)
    order = np.random.default_rng(0).permutation(20)
    assert lift_top_decile(truth[order], score[order]) == pytest.approx(4.0)


def test_win_share_is_near_one_for_a_clear_win_and_near_half_for_two_noises():
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 2, 800)
    noise = [generator.normal(size=800) for _ in range(8)]
    assert win_share(truth, truth + noise[0], noise[1], seed=1) == 1.0
    assert win_share(truth, noise[0], noise[0], seed=1) == 0.5
    shares = [win_share(truth, noise[i], noise[i + 1], seed=1) for i in range(0, 8, 2)]
    assert 0.1 < np.mean(shares) < 0.9


def test_evaluation_rows_put_model_and_baseline_side_by_side():
    truth = np.array([0, 1, 0, 1])
    metrics = probability_metrics(truth, np.array([0.1, 0.9, 0.2, 0.8]))
    assert metrics["roc_auc"] == 1.0
    rows = evaluation_rows(
        model="churn",
        as_of_date=date(2024, 9, 30),
        model_metrics={},
        baseline_metrics=metrics,
        baseline_name="recency",
        served="baseline",
    )
    assert rows["model_value"].isna().all()
    assert set(rows["metric"]) == set(metrics)
    assert not rows.duplicated(["model", "metric", "as_of_date"]).any()


def test_rows_of_one_customer_are_drawn_together():
    # ten customers with a hundred rows each: what differs is the luck of ten, not of a thousand
    generator = np.random.default_rng(3)
    customers = np.repeat(np.arange(10), 100)
    truth = (generator.random(1_000) < 0.3).astype(int)
    helpful = np.where(customers < 6, 0.3, -0.3) * (2 * truth - 1)
    challenger, incumbent = helpful + generator.normal(size=1_000), generator.normal(size=1_000)
    alone = win_share(truth, challenger, incumbent, seed=1)
    together = win_share(truth, challenger, incumbent, customers=customers, seed=1)
    assert together < alone
    # one row each is the same as no customers at all
    same = win_share(truth, challenger, incumbent, customers=np.arange(1_000), seed=1)
    assert same == alone
    few = win_share(truth, challenger, incumbent, customers=customers, seed=1, max_rows=500)
    assert 0 <= few <= 1
