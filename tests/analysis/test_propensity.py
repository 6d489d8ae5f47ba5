"""Propensities, by the example of churn: labels by hand, no look ahead, honest service, reasons."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from synthetic_customers import Facts, features_at, simulate, snapshots_of
from threadpoolctl import threadpool_limits

from orchestration.analysis.churn import churn_scores, churn_target, expected_orders_of
from orchestration.analysis.propensity import (
    Limits,
    PropensityArtefact,
    fingerprint,
    label_snapshots,
    learn,
    load_model,
    save_model,
    score,
)
from orchestration.analysis.propensity.contest import grade_latest
from orchestration.analysis.propensity.contributions import tree_contributions
from orchestration.analysis.propensity.features import available_features, feature_matrix
from orchestration.analysis.propensity.model import fit_model, mean_log_odds
from orchestration.analysis.propensity.reasons import explain
from orchestration.analysis.propensity.rules import fit_rule, rule_score
from orchestration.analysis.propensity.season import NO_SEASON, fit_season, season_of
from orchestration.analysis.propensity.training_frame import sample_customers

AS_OF = date(2024, 12, 30)
CHURN = churn_target(90)


class Result(NamedTuple):
    """What a company would see of churn."""

    scores: pd.DataFrame
    evaluation: pd.DataFrame
    artefact: PropensityArtefact


def labels(snapshots, orders, *, as_of_date=AS_OF, target=CHURN):
    """Closed months of eligible customers, as the warehouse hands them over."""
    known = orders[pd.to_datetime(orders["order_date"]) <= pd.Timestamp(as_of_date)]
    labelled = label_snapshots(
        snapshots[snapshots["days_since_last_order"] <= 365],
        orders.rename(columns={"order_date": "event_date"}),
        target,
        as_of_date=as_of_date,
        observed_until=known["order_date"].max() if len(known) else as_of_date,
    )
    return adding(labelled)(labelled)


def adding(labelled):
    """What adds the orders that BG/NBD expects, learnt from the newest closed month."""
    newest = labelled[labelled["as_of_date"] == labelled["as_of_date"].max()]
    return expected_orders_of(newest, CHURN.horizon_days)


def today(snapshots, as_of_date=AS_OF):
    current = snapshots[snapshots["as_of_date"] == as_of_date]
    current = current[current["days_since_last_order"] <= 365]
    return current.sort_values("customer_id", ignore_index=True)


def train_and_score(snapshots, orders, *, as_of_date=AS_OF, limits=None):
    labelled = labels(snapshots, orders, as_of_date=as_of_date)
    learnt = learn(labelled, CHURN, seed=7, limits=limits)
    current = adding(labelled)(today(snapshots, as_of_date))
    scores = churn_scores(learnt.artefact, score(learnt.artefact, current))
    return Result(scores, learnt.evaluation, learnt.artefact)


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
    return train_and_score(snapshots, orders)


def metric(result, name, side="model_value"):
    latest = result.evaluation["as_of_date"] == result.evaluation["as_of_date"].max()
    return result.evaluation[latest].set_index("metric").loc[name, side]


def label_frame(order_dates, *, as_of=date(2024, 6, 30), horizon=30):
    """Two customers snapshot on 31 March; `b` orders late enough to keep the window observed."""
    snapshot = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "as_of_date": [date(2024, 3, 31)] * 2,
            "days_since_last_order": [5, 5],
            "days_since_first_order": [5, 5],
            "days_first_to_last_order": [0, 0],
            "purchase_day_count": [1, 1],
            "order_count_365d": [1, 1],
        }
    )
    days = [("a", day) for day in order_dates] + [("b", date(2024, 6, 1))]
    orders = pd.DataFrame(days, columns=["customer_id", "order_date"])
    labelled = labels(snapshot, orders, as_of_date=as_of, target=churn_target(horizon))
    return labelled.set_index("customer_id")["outcome"]


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
    frame = labels(snapshots_of(Facts(known), AS_OF), known)
    assert frame["as_of_date"].max() == pd.Timestamp("2024-06-30")


def test_snapshots_left_behind_in_mid_month_change_nothing(facts, snapshots, orders, result):
    leftover = features_at(facts, "2024-05-17")
    again = train_and_score(pd.concat([snapshots, leftover]), orders)
    pd.testing.assert_frame_equal(again.scores, result.scores)


def test_model_beats_the_best_rule_on_learnable_data(result):
    assert result.artefact.served_by == "model"
    assert metric(result, "pr_auc") > metric(result, "pr_auc", "baseline_value")
    assert metric(result, "brier") <= metric(result, "brier", "baseline_value")
    # Visits give away who has left; what orders alone allow is about 0.92.
    assert metric(result, "roc_auc") > 0.93
    judged = sorted(set(result.evaluation["as_of_date"]))
    # Windows of 90 days that do not overlap.
    ends = [date(2023, 12, 31), date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30)]
    assert judged == ends


def test_probabilities_are_calibrated(result):
    # About 600 customers in ten bins: sampling alone costs about 0.03.
    assert metric(result, "calibration_error") < 0.06
    assert abs(metric(result, "mean_predicted") - metric(result, "outcome_rate")) < 0.04


def test_scores_have_the_promised_columns_and_bands(result):
    scores = result.scores
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
    again = train_and_score(nudged, orders).scores.drop(columns="model_version")
    pd.testing.assert_frame_equal(again, result.scores.drop(columns="model_version"))


def test_number_of_threads_changes_nothing(result, snapshots, orders, tmp_path):
    labels(snapshots, orders).to_pickle(tmp_path / "labelled.pkl")
    today(snapshots).to_pickle(tmp_path / "current.pkl")
    program = (
        "import pandas as pd, sys\n"
        "from orchestration.analysis.churn import churn_scores, churn_target\n"
        "from orchestration.analysis.propensity import learn, score\n"
        "read = lambda name: pd.read_pickle(f'{sys.argv[1]}/{name}.pkl')\n"
        "artefact = learn(read('labelled'), churn_target(90), seed=7).artefact\n"
        "scores = churn_scores(artefact, score(artefact, read('current')))\n"
        "scores.to_pickle(f'{sys.argv[1]}/scores.pkl')\n"
    )
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=alone)
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "scores.pkl"), result.scores)


def test_scoring_in_small_batches_gives_the_same_scores(snapshots, result):
    scores = score(result.artefact, today(snapshots), batch_rows=97)
    pd.testing.assert_frame_equal(churn_scores(result.artefact, scores), result.scores)


def test_shuffled_labels_give_chance_and_the_rule_is_served(snapshots, orders):
    """Futures dealt out anew in each snapshot: a model that still scores well has seen them."""
    labelled = labels(snapshots, orders)
    grades = []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        dealt = labelled.groupby("as_of_date")["outcome"].transform(
            lambda column, deal=generator.permutation: deal(column.to_numpy())
        )
        shuffled = labelled.assign(outcome=dealt)
        grades.append(grade_latest(shuffled, CHURN, seed=7, limits=Limits()))
    areas = [grade.rows.set_index("metric").loc["roc_auc", "model_value"] for grade in grades]
    # One shuffle of 600 customers has a standard deviation of 0.023, the mean of six 0.009.
    assert abs(np.mean(areas) - 0.5) <= 0.03
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
    result = train_and_score(snapshots_of(Facts(frame), AS_OF), frame)
    assert result.artefact.served_by == "baseline"
    assert set(result.scores["served_by"]) == {"baseline"}
    assert result.artefact.predictor.name in result.artefact.model_version
    assert "rule is served" in " ".join(result.artefact.notes)
    # The rule explains itself by the one thing it looks at.
    groups = {rule.group for rule in CHURN.rules}
    assert set(result.scores["reason_1_code"].dropna().str[:-1]) <= groups
    assert result.scores["reason_2"].isna().all()


def test_a_recipe_in_service_is_left_only_for_a_clearly_better_one(snapshots, orders, result):
    labelled = labels(snapshots, orders)
    best = result.artefact.predictor.name
    known = {"seed": 7, "champion": "logistic"}
    beaten = grade_latest(labelled, CHURN, limits=Limits(), **known)
    assert beaten.candidate == best != "logistic"
    assert "ahead of logistic, the recipe in service" in beaten.notes[0]
    # Nobody is ahead in more than all resamples, so whoever serves stays.
    kept = grade_latest(labelled, CHURN, limits=Limits(min_win_share=1.01), **known)
    assert kept.candidate == "logistic"


def test_windows_whose_grades_are_kept_are_not_judged_again(snapshots, orders, result):
    known = frozenset(result.evaluation["as_of_date"])
    again = learn(labels(snapshots, orders), CHURN, seed=7, graded_dates=known)
    assert set(again.evaluation["as_of_date"]) == {max(known)}
    assert again.artefact.model_version == result.artefact.model_version


def test_fingerprint_follows_everything_that_is_learnt_from(snapshots, orders):
    labelled = labels(snapshots, orders)
    given = {"seed": 7, "limits": Limits(), "champion": None}
    first = fingerprint(labelled, CHURN, **given)
    assert fingerprint(labels(snapshots.sample(frac=1), orders), CHURN, **given) == first
    turned = labelled.assign(outcome=1 - labelled["outcome"])
    others = [
        fingerprint(turned, CHURN, **given),
        fingerprint(labelled, churn_target(60), **given),
        fingerprint(labelled, CHURN, **{**given, "seed": 8}),
        fingerprint(labelled, CHURN, **{**given, "champion": "boosting"}),
        fingerprint(labelled, CHURN, **{**given, "limits": Limits(calibration_folds=2)}),
    ]
    assert len({first, *others}) == 6


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
    result = train_and_score(snapshots_of(Facts(orders), AS_OF), orders)
    assert result.artefact.served_by == "baseline", why
    assert len(result.scores) == orders["customer_id"].nunique()
    assert result.scores["churn_probability"].between(0, 1).all()
    assert set(result.scores["reason_1"]) == {CHURN.wording.average[0]}
    assert result.artefact.notes


def test_a_company_without_orders_gets_a_constant_and_nobody_is_scored(snapshots):
    nobody = pd.DataFrame({"customer_id": [], "order_date": pd.to_datetime([])})
    result = train_and_score(snapshots.iloc[:0], nobody)
    assert result.scores.empty and result.evaluation.empty
    assert {"churn_probability", "risk_band", "reason_1"} <= set(result.scores.columns)
    assert "nothing can be learnt" in result.artefact.notes[0]


def test_missing_columns_and_repeated_rows_are_errors_with_a_remedy(snapshots, orders):
    with pytest.raises(ValueError, match="lack 'order_count_365d'"):
        train_and_score(snapshots.drop(columns="order_count_365d"), orders)
    with pytest.raises(ValueError, match="repeated rows"):
        labels(pd.concat([snapshots, snapshots.head(200)]), orders)


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
    labelled = labels(snapshots, orders)
    features = available_features(labelled, CHURN.features)
    model = fit_model(
        "boosting+logistic",
        labelled,
        labelled["outcome"].to_numpy(),
        features,
        monotone=CHURN.monotone,
        seed=7,
        folds=2,
    )
    return model, labelled


def test_contributions_add_up_to_the_served_probability(blend):
    model, labelled = blend
    rows = labelled.tail(300)
    contributions, base = model.feature_contributions(rows)
    log_odds = contributions.sum(axis=1) + base + season_of(rows["as_of_date"], model.season)
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), model.probability(rows), atol=1e-9)


def test_a_season_is_what_a_month_was_off_and_lies_between_month_ends() -> None:
    generator = np.random.default_rng(8)
    days = pd.Series(np.repeat(pd.to_datetime(["2024-08-31", "2024-09-30", "2023-09-30"]), 20_000))
    said = generator.normal(-0.5, 1, len(days))
    # more leave after August than was said, fewer after September; the September before is older
    planted = np.repeat([0.4, -0.4, 2.0], 20_000)
    truth = (generator.random(len(days)) < 1 / (1 + np.exp(-(said + planted)))).astype(int)
    season = fit_season(said, truth, days)
    assert season[7] == pytest.approx(0.75 * 0.4, abs=0.04)
    assert season[8] == pytest.approx(0.75 * -0.4, abs=0.04)
    assert [shift for month, shift in enumerate(season) if month not in (7, 8)] == [0.0] * 10
    asked = pd.Series(pd.to_datetime(["2025-08-31", "2025-09-15", "2025-09-30", "2026-01-10"]))
    found = season_of(asked, season)
    assert found[0] == season[7] and found[2] == season[8] and found[3] == 0
    assert found[1] == pytest.approx((season[7] + season[8]) / 2)
    # everybody did the same: no season can be told from that
    assert fit_season(said, np.ones(len(days), dtype=int), days) == NO_SEASON
    nobody = np.full(len(days), np.nan)
    assert fit_season(nobody, truth, days) == NO_SEASON


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
    matrix = feature_matrix(labelled.tail(50), model.columns)
    risks = []
    for days in (1, 30, 90, 200, 365):
        matrix[:, model.columns.index("days_since_last_order")] = days
        risks.append(mean_log_odds({"boosting": booster}, matrix))
    assert (np.diff(risks, axis=0) >= -1e-12).all()


def test_explain_orders_by_size_and_leaves_out_what_hardly_matters():
    frame = pd.DataFrame(
        {"days_since_last_order": [200.0], "order_count_365d": [9], "is_member": [True]}
    )
    reasons = explain(
        frame,
        {"loyalty": np.array([-0.3]), "recency": np.array([1.2]), "frequency": np.array([0.01])},
        CHURN.wording,
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
            "expected_orders": [0.4, 1.5],
        }
    )
    assert list(rule_score(frame, CHURN.rule("bg_nbd"), usual_gap=20.0)) == [-0.4, -1.5]
    assert list(rule_score(frame, CHURN.rule("recency"), usual_gap=20.0)) == [10, 60]
    assert list(rule_score(frame, CHURN.rule("frequency"), usual_gap=20.0)) == [-2, -5]
    # No own gap yet: ten days are half of the usual twenty.
    assert list(rule_score(frame, CHURN.rule("rhythm"), usual_gap=20.0)) == [0.5, 2.0]


def test_rule_probabilities_never_fall_with_the_score(snapshots, orders):
    labelled = labels(snapshots, orders)
    rule = fit_rule(labelled, labelled["outcome"].to_numpy(), CHURN.rule("recency"))
    assert (np.diff(rule.probabilities) >= 0).all()
    assert roc_auc_score(labelled["outcome"], rule.probability(labelled)) > 0.7


def test_sampling_keeps_whole_customers_and_is_nested(snapshots):
    small = sample_customers(snapshots, max_rows=1000, seed=1)
    large = sample_customers(snapshots, max_rows=4000, seed=1)
    assert 900 < len(small) <= 1000 and len(large) <= 4000
    assert set(small["customer_id"]) < set(large["customer_id"])
    sizes = snapshots.groupby("customer_id").size()
    kept = small.groupby("customer_id").size()
    assert (kept == sizes[kept.index]).all()


def test_version_follows_data_and_settings(snapshots, orders, result):
    other = train_and_score(snapshots, orders, limits=Limits(calibration_folds=2))
    assert other.artefact.model_version != result.artefact.model_version


def test_saved_model_scores_alike_and_a_changed_file_is_refused(result, snapshots, tmp_path):
    path = save_model(result.artefact, tmp_path)
    description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert description["model_version"] == result.artefact.model_version
    assert description["features"] == list(result.artefact.features)
    assert description["settings"]["versions"]["scikit-learn"]
    scores = churn_scores(result.artefact, score(load_model(path), today(snapshots)))
    pd.testing.assert_frame_equal(scores, result.scores)
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".joblib", ".json"]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="is not the file"):
        load_model(path)
