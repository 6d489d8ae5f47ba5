"""Churn: labels by hand, no look into the future, honest service, exact explanations."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from synthetic_customers import Facts, features_at, simulate, snapshots_of
from threadpoolctl import threadpool_limits

from orchestration.analysis.churn import (
    SCORE_COLUMNS,
    ChurnConfig,
    build_training_frame,
    load_model,
    save_model,
    score_customers,
    train_and_score,
)
from orchestration.analysis.churn.contributions import tree_contributions
from orchestration.analysis.churn.features import available_features, feature_matrix
from orchestration.analysis.churn.model import fit_model, mean_log_odds
from orchestration.analysis.churn.reasons import TOO_LITTLE_HISTORY, explain
from orchestration.analysis.churn.rules import fit_rule, rule_score
from orchestration.analysis.churn.scoring import grade_latest
from orchestration.analysis.churn.training_frame import sample_customers

AS_OF = date(2024, 12, 30)


@pytest.fixture(scope="module")
def facts():
    return simulate(900, seed=1)


@pytest.fixture(scope="module")
def orders(facts):
    return facts.orders


@pytest.fixture(scope="module")
def snapshots(facts):
    return snapshots_of(facts, AS_OF)


@pytest.fixture(scope="module")
def result(snapshots, orders):
    return train_and_score(snapshots, orders, as_of_date=AS_OF)


def metric(result, name, side="model_value"):
    return result.evaluation.set_index("metric").loc[name, side]


def label_frame(order_dates, *, as_of=date(2024, 6, 30), horizon=30):
    """Two customers snapshot on 31 March; `b` orders late enough to keep the window observed."""
    snapshot = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "as_of_date": [date(2024, 3, 31)] * 2,
            "days_since_last_order": [5, 5],
            "order_count_365d": [1, 1],
        }
    )
    days = [("a", day) for day in order_dates] + [("b", date(2024, 6, 1))]
    return build_training_frame(
        snapshot,
        pd.DataFrame(days, columns=["customer_id", "order_date"]),
        as_of_date=as_of,
        horizon_days=horizon,
        eligibility_days=365,
    ).set_index("customer_id")["is_churned"]


@pytest.mark.parametrize(
    ("order_date", "is_churned"),
    [
        (date(2024, 3, 31), 1),  # the snapshot day itself belongs to the features
        (date(2024, 4, 1), 0),  # first day of the window
        (date(2024, 4, 30), 0),  # day 30 of 30 still counts as staying
        (date(2024, 5, 1), 1),  # one day too late
    ],
)
def test_label_at_the_borders_of_the_window(order_date, is_churned):
    assert label_frame([order_date])["a"] == is_churned


def test_no_label_before_the_window_has_been_observed_in_full():
    # As of 29 April the window of 31 March + 30 days is open, whatever lies later in the file.
    assert label_frame([date(2024, 4, 5)], as_of=date(2024, 4, 29)).empty


def test_days_after_the_last_landed_order_are_not_mistaken_for_silence(orders):
    # Nothing landed since October: as of New Year's Eve nobody's autumn is known.
    known = orders[orders["order_date"] <= "2024-10-15"]
    frame = build_training_frame(
        snapshots_of(Facts(known), AS_OF),
        known,
        as_of_date=AS_OF,
        horizon_days=90,
        eligibility_days=365,
    )
    assert frame["as_of_date"].max() == pd.Timestamp("2024-06-30")


def test_only_customers_with_an_order_within_the_eligibility_window_are_scored(snapshots, result):
    current = snapshots[snapshots["as_of_date"] == AS_OF]
    eligible = current[current["days_since_last_order"] <= 365]
    assert list(result.scores["customer_id"]) == sorted(eligible["customer_id"])
    assert len(eligible) < len(current)
    border = current.head(3).assign(days_since_last_order=[365, 366, np.nan])
    scored = score_customers(result.artefact, border, as_of_date=AS_OF)
    assert len(scored) == 1


def test_snapshots_left_behind_in_mid_month_change_nothing(facts, snapshots, orders, result):
    leftover = features_at(facts, "2024-05-17")
    again = train_and_score(pd.concat([snapshots, leftover]), orders, as_of_date=AS_OF)
    pd.testing.assert_frame_equal(again.scores, result.scores)


def test_model_beats_the_best_rule_on_learnable_data(result):
    assert result.served_by == "model"
    assert metric(result, "pr_auc") > metric(result, "pr_auc", "baseline_value")
    assert metric(result, "brier") <= metric(result, "brier", "baseline_value")
    # Visits give away who has left; what orders alone allow is about 0.92.
    assert metric(result, "roc_auc") > 0.93
    assert set(result.evaluation["as_of_date"]) == {date(2024, 9, 30)}


def test_probabilities_are_calibrated(result):
    # About 600 customers in ten bins: sampling alone costs about 0.03.
    assert metric(result, "calibration_error") < 0.06
    assert abs(metric(result, "mean_predicted") - metric(result, "churn_rate")) < 0.04


def test_scores_have_the_promised_columns_and_bands(result):
    scores = result.scores
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert scores["churn_probability"].between(0, 1).all()
    bands = scores.groupby("risk_band")["churn_probability"].agg(["min", "max"])
    assert bands.loc["low", "max"] < 0.4 <= bands.loc["medium", "min"]
    assert bands.loc["medium", "max"] < 0.7 <= bands.loc["high", "min"]
    assert scores["reason_1"].notna().all()
    assert (scores["reason_1"].isna() == scores["reason_1_zh"].isna()).all()


def test_later_facts_change_no_score(facts, snapshots, result):
    """Everything after the as-of date, orders and snapshots alike, is invisible."""
    shifted = facts.orders.assign(order_date=facts.orders["order_date"] + timedelta(days=500))
    shifted = shifted[shifted["order_date"] > pd.Timestamp(AS_OF)]
    everything = Facts(pd.concat([facts.orders, shifted], ignore_index=True), facts.visits)
    future = features_at(everything, "2025-03-31")
    again = train_and_score(
        pd.concat([snapshots, future], ignore_index=True), everything.orders, as_of_date=AS_OF
    )
    pd.testing.assert_frame_equal(again.scores, result.scores)
    pd.testing.assert_frame_equal(again.evaluation, result.evaluation)


def test_row_order_changes_nothing(snapshots, orders, result):
    again = train_and_score(
        snapshots.sample(frac=1, random_state=5),
        orders.sample(frac=1, random_state=6),
        as_of_date=AS_OF,
    )
    pd.testing.assert_frame_equal(again.scores, result.scores)
    pd.testing.assert_frame_equal(again.evaluation, result.evaluation)
    assert again.artefact.model_version == result.artefact.model_version


def test_last_digits_of_a_feature_change_no_score(snapshots, orders, result):
    """A parallel engine adds in another order; 1e-9 more must not move anybody.

    The version may differ: it hashes six digits, and some averages lie on their border.
    """
    nudged = snapshots.assign(
        average_order_value=snapshots["average_order_value"] + 1e-9,
        mean_days_between_orders=snapshots["mean_days_between_orders"] - 1e-9,
    )
    again = train_and_score(nudged, orders, as_of_date=AS_OF).scores.drop(columns="model_version")
    pd.testing.assert_frame_equal(again, result.scores.drop(columns="model_version"))


def test_number_of_threads_changes_nothing(result, snapshots, orders, tmp_path):
    snapshots.to_pickle(tmp_path / "snapshots.pkl")
    orders[["customer_id", "order_date"]].to_pickle(tmp_path / "orders.pkl")
    program = (
        "import pandas as pd, datetime, sys\n"
        "from orchestration.analysis.churn import train_and_score\n"
        "read = lambda name: pd.read_pickle(f'{sys.argv[1]}/{name}.pkl')\n"
        "done = train_and_score(read('snapshots'), read('orders'),"
        " as_of_date=datetime.date(2024, 12, 30))\n"
        "done.scores.to_pickle(f'{sys.argv[1]}/scores.pkl')\n"
    )
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=alone)
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "scores.pkl"), result.scores)


def test_scoring_in_small_batches_gives_the_same_scores(snapshots, result):
    current = snapshots[snapshots["as_of_date"] == AS_OF]
    scores = score_customers(
        result.artefact, current, as_of_date=AS_OF, config=ChurnConfig(score_batch_rows=97)
    )
    pd.testing.assert_frame_equal(scores, result.scores)


def test_shuffled_labels_give_chance_and_the_rule_is_served(snapshots, orders):
    """Futures dealt out anew in each snapshot: a model that still scores well has seen them."""
    labelled = build_training_frame(
        snapshots, orders, as_of_date=AS_OF, horizon_days=90, eligibility_days=365
    )
    grades = []
    for seed in range(4):
        generator = np.random.default_rng(seed)
        dealt = labelled.groupby("as_of_date")["is_churned"].transform(
            lambda column, deal=generator.permutation: deal(column.to_numpy())
        )
        shuffled = labelled.assign(is_churned=dealt)
        grades.append(grade_latest(shuffled, horizon_days=90, seed=7, config=ChurnConfig()))
    areas = [grade.rows.set_index("metric").loc["roc_auc", "model_value"] for grade in grades]
    # One shuffle of 600 customers has a standard deviation of 0.023.
    assert abs(np.mean(areas) - 0.5) <= 0.05
    assert not any(grade.serves_model for grade in grades)


def test_the_rule_is_served_when_behaviour_is_noise():
    """Everyone orders at random, so neither model nor rule can know; the plain one is served."""
    generator = np.random.default_rng(4)
    days = pd.date_range("2023-01-01", AS_OF)
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in generator.integers(0, 400, 2200)],
            "order_date": days[generator.integers(0, len(days), 2200)],
            "amount": 10.0,
        }
    )
    result = train_and_score(snapshots_of(Facts(frame), AS_OF), frame, as_of_date=AS_OF)
    assert result.served_by == "baseline"
    assert set(result.scores["served_by"]) == {"baseline"}
    assert result.artefact.predictor.name in result.artefact.model_version
    assert "rule is served" in " ".join(result.notes)
    # The rule explains itself by the one thing it looks at.
    assert set(result.scores["reason_1_code"].dropna().str[:-1]) <= {
        "recency",
        "frequency",
        "rhythm",
    }
    assert result.scores["reason_2"].isna().all()


def few_orders(customers, days_ago):
    """Each customer ordered once per entry of days_ago before AS_OF."""
    rows = [
        (f"c{number}", pd.Timestamp(AS_OF) - pd.Timedelta(days=ago + number % 3), 20.0)
        for number in range(customers)
        for ago in days_ago
    ]
    return pd.DataFrame(rows, columns=["customer_id", "order_date", "amount"])


@pytest.mark.parametrize(
    ("orders", "why"),
    [
        (few_orders(3, [10, 100, 200]), "three customers"),
        (few_orders(40, [5]), "no closed label window"),
        (few_orders(300, range(0, 700, 20)), "one outcome only: everybody stays"),
        (few_orders(1, [0]), "one order today"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_too_little_data_serves_a_rule_or_a_constant_and_says_so(orders, why):
    result = train_and_score(snapshots_of(Facts(orders), AS_OF), orders, as_of_date=AS_OF)
    assert result.served_by == "baseline", why
    assert len(result.scores) == orders["customer_id"].nunique()
    assert result.scores["churn_probability"].between(0, 1).all()
    assert set(result.scores["reason_1"]) == {TOO_LITTLE_HISTORY[0]}
    assert result.notes


def test_a_company_without_orders_gets_an_empty_table_with_all_columns(snapshots):
    visitors = snapshots.head(5).assign(
        as_of_date=AS_OF, days_since_last_order=np.nan, order_count_365d=0
    )
    nobody = pd.DataFrame(columns=["customer_id", "order_date"])
    for frame in (visitors, snapshots.iloc[:0]):
        result = train_and_score(frame, nobody, as_of_date=AS_OF)
        assert tuple(result.scores.columns) == SCORE_COLUMNS
        assert result.scores.empty and result.artefact is None and result.evaluation.empty
        assert "Nobody ordered" in result.notes[0]


def test_missing_features_of_the_day_are_an_error_with_a_remedy(snapshots, orders):
    with pytest.raises(ValueError, match="no snapshot of 2025-01-15"):
        train_and_score(snapshots, orders, as_of_date=date(2025, 1, 15))
    with pytest.raises(ValueError, match="lacks"):
        train_and_score(snapshots.drop(columns="order_count_365d"), orders, as_of_date=AS_OF)
    with pytest.raises(ValueError, match="repeated rows"):
        train_and_score(pd.concat([snapshots, snapshots.tail(1)]), orders, as_of_date=AS_OF)


def test_a_long_silent_customer_is_told_by_recency_and_a_recent_one_too(snapshots, result):
    current = snapshots[snapshots["as_of_date"] == AS_OF].set_index("customer_id")
    scores = result.scores.set_index("customer_id")
    silence = current.loc[scores.index, "days_since_last_order"]
    codes = scores[["reason_1_code", "reason_2_code", "reason_3_code"]]
    long_silent = codes[silence > 250]
    assert (long_silent == "recency+").any(axis=1).all()
    fresh = codes[silence <= 5]
    assert (fresh == "recency-").any(axis=1).mean() > 0.9
    customer = silence.idxmax()
    position = list(codes.loc[customer]).index("recency+") + 1
    days = int(silence[customer])
    text = f"Days since last order: {days} (raises risk)"
    assert scores.loc[customer, f"reason_{position}"] == text
    chinese = f"距上次下单天数：{days}（推高风险）"
    assert scores.loc[customer, f"reason_{position}_zh"] == chinese


@pytest.fixture(scope="module")
def blend(snapshots, orders):
    labelled = build_training_frame(
        snapshots, orders, as_of_date=AS_OF, horizon_days=90, eligibility_days=365
    )
    features = available_features(labelled)
    model = fit_model(
        "boosting+logistic",
        labelled,
        labelled["is_churned"].to_numpy(),
        features,
        seed=7,
        folds=2,
    )
    return model, labelled


def test_contributions_add_up_to_the_served_probability(blend):
    model, labelled = blend
    rows = labelled.tail(300)
    contributions, base = model.feature_contributions(rows)
    log_odds = contributions.sum(axis=1) + base
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), model.probability(rows), atol=1e-9)


def test_tree_contributions_equal_shapley_values_by_definition():
    """All coalitions of three features, conditional expectations walked down the trees."""
    generator = np.random.default_rng(2)
    matrix = generator.normal(size=(400, 3))
    matrix[::9, 1] = np.nan
    truth = (matrix[:, 0] + np.nan_to_num(matrix[:, 1]) * matrix[:, 2] > 0).astype(int)
    booster = HistGradientBoostingClassifier(max_iter=6, max_depth=4, early_stopping=False)
    with threadpool_limits(limits=1):
        booster.fit(matrix, truth)

    def expectation(row, known):
        def walk(nodes, index):
            node = nodes[index]
            if node["is_leaf"]:
                return node["value"]
            left, right = int(node["left"]), int(node["right"])
            if node["feature_idx"] in known:
                value = row[node["feature_idx"]]
                is_left = (
                    node["missing_go_to_left"]
                    if np.isnan(value)
                    else value <= node["num_threshold"]
                )
                return walk(nodes, left if is_left else right)
            share = nodes[left]["count"] / node["count"]
            return share * walk(nodes, left) + (1 - share) * walk(nodes, right)

        return sum(walk(stage[0].nodes, 0) for stage in booster._predictors)

    found, base = tree_contributions(booster, matrix[:12])
    for row, contributions in zip(matrix[:12], found, strict=True):
        for feature in range(3):
            others = [other for other in range(3) if other != feature]
            expected = 0.0
            for size in range(3):
                weight = factorial(size) * factorial(2 - size) / factorial(3)
                for coalition in combinations(others, size):
                    gain = expectation(row, {*coalition, feature}) - expectation(
                        row, set(coalition)
                    )
                    expected += weight * gain
            assert contributions[feature] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(found.sum(axis=1) + base, booster.decision_function(matrix[:12]))


def test_more_silence_never_lowers_the_boosted_risk(blend):
    model, labelled = blend
    booster = model.members["boosting"]
    matrix = feature_matrix(labelled.tail(50), model.features)
    risks = []
    for days in (1, 30, 90, 200, 365):
        matrix[:, model.features.index("days_since_last_order")] = days
        risks.append(mean_log_odds({"boosting": booster}, matrix))
    assert (np.diff(risks, axis=0) >= -1e-12).all()


def test_explain_orders_by_size_and_leaves_out_what_hardly_matters():
    frame = pd.DataFrame(
        {"days_since_last_order": [200.0], "order_count_365d": [9], "is_member": [True]}
    )
    reasons = explain(
        frame,
        {"loyalty": np.array([-0.3]), "recency": np.array([1.2]), "frequency": np.array([0.01])},
    ).iloc[0]
    assert reasons["reason_1"] == "Days since last order: 200 (raises risk)"
    assert reasons["reason_2"] == "Member: yes (lowers risk)"
    assert reasons["reason_2_zh"] == "会员：是（降低风险）"
    assert reasons["reason_3"] is None


def test_rules_rank_as_their_names_say():
    frame = pd.DataFrame(
        {
            "days_since_last_order": [10, 60],
            "order_count_365d": [2, 5],
            "mean_days_between_orders": [np.nan, 30.0],
        }
    )
    assert list(rule_score(frame, "recency", usual_gap=20.0)) == [10, 60]
    assert list(rule_score(frame, "frequency", usual_gap=20.0)) == [-2, -5]
    # No own gap yet: ten days are half of the usual twenty.
    assert list(rule_score(frame, "rhythm", usual_gap=20.0)) == [0.5, 2.0]


def test_rule_probabilities_never_fall_with_the_score(snapshots, orders):
    labelled = build_training_frame(
        snapshots, orders, as_of_date=AS_OF, horizon_days=90, eligibility_days=365
    )
    rule = fit_rule(labelled, labelled["is_churned"].to_numpy(), "recency")
    assert (np.diff(rule.probabilities) >= 0).all()
    assert roc_auc_score(labelled["is_churned"], rule.probability(labelled)) > 0.7


def test_sampling_keeps_whole_customers_and_is_nested(snapshots):
    small = sample_customers(snapshots, max_rows=1000, seed=1)
    large = sample_customers(snapshots, max_rows=4000, seed=1)
    assert 900 < len(small) <= 1000 and len(large) <= 4000
    assert set(small["customer_id"]) < set(large["customer_id"])
    sizes = snapshots.groupby("customer_id").size()
    kept = small.groupby("customer_id").size()
    assert (kept == sizes[kept.index]).all()


def test_version_follows_data_and_settings(snapshots, orders, result):
    config = ChurnConfig(calibration_folds=2)
    other = train_and_score(snapshots, orders, as_of_date=AS_OF, config=config)
    assert other.artefact.model_version != result.artefact.model_version


def test_saved_model_scores_alike_and_a_changed_file_is_refused(result, snapshots, tmp_path):
    path = save_model(result.artefact, tmp_path)
    description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert description["model_version"] == result.artefact.model_version
    assert description["features"] == list(result.artefact.features)
    assert description["settings"]["versions"]["scikit-learn"]
    current = snapshots[snapshots["as_of_date"] == AS_OF]
    scores = score_customers(load_model(path), current, as_of_date=AS_OF)
    pd.testing.assert_frame_equal(scores, result.scores)
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".joblib", ".json"]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="is not the file"):
        load_model(path)
