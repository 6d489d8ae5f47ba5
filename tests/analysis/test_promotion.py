"""Promotion response: measures by hand, known effects found, honest service, a published test."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.promotion import (
    ARM_COLUMNS,
    FEATURES,
    SCORE_COLUMNS,
    TRIAL_COLUMNS,
    PromotionConfig,
    answer_customers,
    load_model,
    save_model,
    train_and_score,
)
from orchestration.analysis.promotion.campaigns import (
    as_arrays,
    finished_before,
    latest_that_judge,
    usable_campaigns,
)
from orchestration.analysis.promotion.drift import promotion_drift
from orchestration.analysis.promotion.fitting import fit_response, shrinkage
from orchestration.analysis.promotion.learners import LEARNERS, fit_outcome, fit_uplift
from orchestration.analysis.promotion.ranking import (
    adjusted_outcome,
    auuc,
    curve,
    fifths,
    qini,
    win_share,
)
from orchestration.analysis.promotion.rules import rule_score, segments_by_rule
from tests.analysis.invented_campaigns import (
    WINDOW_DAYS,
    arms_of,
    invented_campaigns,
    invented_customers,
)
from tests.benchmarks.promotion import HILLSTROM, MENS, WOMENS, contest, hillstrom, served_by_luck

AS_OF = date(2025, 12, 31)
CONFIG = PromotionConfig()


def answer(trials: pd.DataFrame, customers: pd.DataFrame, **settings):
    return train_and_score(
        arms_of(trials), trials, customers, as_of_date=AS_OF, window_days=WINDOW_DAYS, **settings
    )


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return invented_customers(4_000)


@pytest.fixture(scope="module")
def trials(customers: pd.DataFrame) -> pd.DataFrame:
    """A promotion that draws members who buy at a discount and puts others off."""
    return invented_campaigns(customers, effect=0.3)


@pytest.fixture(scope="module")
def answered(customers: pd.DataFrame, trials: pd.DataFrame):
    return answer(trials, customers)


# ---------------------------------------------------------------- measures


def test_measures_by_hand() -> None:
    # two of each arm, half treated; treated people order in the first pair only
    treated = np.array([1.0, 0.0, 1.0, 0.0])
    outcome = np.array([1.0, 0.0, 0.0, 0.0])
    adjusted = adjusted_outcome(treated, np.full(4, 0.5), outcome, np.zeros(4))
    assert adjusted.tolist() == [2, 0, 0, 0]
    score = np.array([1.0, 1.0, 0.0, 0.0])
    # the first half gains 0.5 per person of the population, the second nothing more:
    # area 1/2 * 1/2 * 1/2 + 1/2 * 1/2 = 3/8 under the curve, 1/4 under the diagonal
    assert auuc(score, adjusted) == pytest.approx(3 / 8)
    assert qini(score, adjusted) == pytest.approx(1 / 8)
    assert qini(-score, adjusted) == pytest.approx(-1 / 8)
    assert qini(np.ones(4), adjusted) == 0
    told = curve(score, adjusted, points=4)
    assert told["gained"].tolist() == pytest.approx([0, 0.25, 0.5, 0.5, 0.5])
    assert told["gained_at_random"].tolist() == pytest.approx([0, 0.125, 0.25, 0.375, 0.5])


def test_qini_is_the_area_of_the_curve() -> None:
    generator = np.random.default_rng(1)
    score, adjusted = generator.integers(0, 9, 500), generator.normal(0.1, 1, 500)
    told = curve(score, adjusted, points=5_000)
    area = np.trapezoid(told["gained"] - told["gained_at_random"], told["share"])
    assert qini(score, adjusted) == pytest.approx(area, abs=1e-5)


def test_the_mean_of_the_adjusted_outcome_is_the_effect_whatever_was_expected() -> None:
    generator = np.random.default_rng(2)
    treated = (np.arange(10_000) % 5 > 0).astype(float)
    outcome = (generator.random(10_000) < 0.2 + 0.1 * treated).astype(float)
    plain = outcome[treated == 1].mean() - outcome[treated == 0].mean()
    for expected in (0.0, 0.28):
        found = adjusted_outcome(treated, np.full(10_000, 0.8), outcome, np.full(10_000, expected))
        assert found.mean() == pytest.approx(plain)


def test_row_order_and_ties_decide_nothing() -> None:
    generator = np.random.default_rng(3)
    score, adjusted = generator.integers(0, 4, 400).astype(float), generator.normal(size=400)
    order = generator.permutation(400)
    assert qini(score[order], adjusted[order]) == pytest.approx(qini(score, adjusted))
    # digits that differ between machines are no difference
    assert qini(score + 1e-15 * order, adjusted) == pytest.approx(qini(score, adjusted))
    there = fifths(score, score, adjusted)["observed"].to_numpy()
    shuffled = fifths(score[order], score[order], adjusted[order])["observed"].to_numpy()
    assert there == pytest.approx(shuffled)


def test_a_ranking_never_wins_against_itself_and_a_far_better_one_nearly_always() -> None:
    generator = np.random.default_rng(4)
    pull = generator.normal(size=3_000)
    adjusted = pull + generator.normal(size=3_000)
    customer = np.arange(3_000) // 2
    share, low, high = win_share(pull, pull, adjusted, customer, seed=1)
    assert share == 0.5
    assert low < qini(pull, adjusted) < high
    assert win_share(pull, np.zeros(3_000), adjusted, customer, seed=1)[0] == 1
    assert win_share(-pull, np.zeros(3_000), adjusted, customer, seed=1)[0] == 0


# ---------------------------------------------------------------- campaigns


def test_only_campaigns_with_comparable_arms_teach(trials: pd.DataFrame) -> None:
    odd = trials.copy()
    # K00 lost half of its holdout on the way; K01 was aimed at people who buy; K02 gives no coupon
    lost = (odd["campaign_id"] == "K00") & ~odd["is_treated"]
    odd = odd.drop(odd.index[lost][::2])
    aimed = odd["campaign_id"] == "K01"
    odd.loc[aimed, "is_treated"] = odd["order_count_90d"] > 0
    odd.loc[aimed, "holdout_share"] = np.nan
    odd.loc[odd["campaign_id"] == "K02", "has_coupon"] = False
    found = usable_campaigns(arms_of(odd), odd, CONFIG)
    assert found.campaigns["campaign_id"].tolist() == ["K03", "K04", "K05", "K06", "K07"]
    assert any("K00 is left out" in note and "planned were 30%" in note for note in found.notes)
    assert any("K01 is left out" in note and "not alike" in note for note in found.notes)


def test_without_any_coupon_every_campaign_counts_and_a_note_says_so(trials: pd.DataFrame) -> None:
    without = trials.assign(has_coupon=False)
    found = usable_campaigns(arms_of(without), without, CONFIG)
    assert len(found.arms) == 8
    assert any("all of them count" in note for note in found.notes)


def test_judges_are_the_latest_and_learning_is_over_before_they_begin(
    trials: pd.DataFrame,
) -> None:
    overlapping = trials.copy()
    overlapping.loc[overlapping["campaign_id"] == "K04", "closes_on"] = date(2024, 12, 1)
    found = usable_campaigns(arms_of(overlapping), overlapping, CONFIG)
    judges = latest_that_judge(found, CONFIG)
    # about 600 left alone in each of eight: three are a third of all
    assert found.campaigns["campaign_id"][judges].tolist() == ["K05", "K06", "K07"]
    past = found.campaigns[finished_before(found, judges)]
    assert past["campaign_id"].tolist() == ["K00", "K01", "K02", "K03"]
    assert past["closes_on"].max() < found.campaigns["starts_on"][judges].min()


# ---------------------------------------------------------------- learning


@pytest.mark.parametrize("learner", LEARNERS)
def test_each_learner_finds_who_is_drawn(learner: str, trials: pd.DataFrame) -> None:
    found = usable_campaigns(arms_of(trials), trials, CONFIG)
    arrays, rows = as_arrays(trials, found)
    expected = fit_outcome(arrays).expected(arrays)
    said = fit_uplift(learner, 0.2, arrays, expected)(arrays.values)
    assert np.corrcoef(said, rows["pull"])[0, 1] > 0.8


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_share_left_alone_that_differs_is_no_uplift(learner: str) -> None:
    """Half are left alone in the quiet season and hardly anybody in the busy one; nothing works."""
    people = invented_customers(8_000, seed=5)
    quiet = invented_campaigns(people, effect=0.0, campaigns=1, holdout=0.5, seed=6)
    busy = people.assign(chance=0.6 + 0.4 * people["chance"])
    busy = invented_campaigns(busy, effect=0.0, campaigns=1, holdout=0.05, seed=7)
    rows = pd.concat([quiet, busy.assign(campaign_id="K99")], ignore_index=True)
    arrays, _ = as_arrays(rows, usable_campaigns(arms_of(rows), rows, CONFIG))
    expected = fit_outcome(arrays).expected(arrays)
    mean = fit_uplift(learner, 0.05, arrays, expected)(arrays.values).mean()
    # thrown together it would be +0.25; the standard error of the smaller holdout is 0.03
    assert abs(mean) < 0.08


def test_exaggeration_is_taken_back(trials: pd.DataFrame) -> None:
    arrays, rows = as_arrays(trials, usable_campaigns(arms_of(trials), trials, CONFIG))
    expected = fit_outcome(arrays).expected(arrays)
    true = 0.3 * rows["pull"].to_numpy()
    slope, error = shrinkage(true, arrays, expected)
    assert slope == pytest.approx(1, abs=3 * error)
    assert shrinkage(4 * true, arrays, expected)[0] == pytest.approx(slope / 4, rel=0.1)
    assert shrinkage(-true, arrays, expected)[0] == 0
    assert shrinkage(np.ones(len(true)), arrays, expected) == (0, 0)


def test_the_learner_in_service_stays_until_another_is_clearly_ahead() -> None:
    trials = invented_campaigns(invented_customers(800), effect=0.3, campaigns=3)
    experiments = usable_campaigns(arms_of(trials), trials, CONFIG)
    arrays, _ = as_arrays(trials, experiments)
    quick = replace(CONFIG, resamples=1)
    effect = experiments.order_effect
    best, notes = fit_response(arrays, effect, config=quick, seed=1)
    assert "in service" not in " ".join(notes)
    champion = next((n, s) for n in LEARNERS for s in (best.strength,) if n != best.uplift.learner)
    kept, notes = fit_response(arrays, effect, config=quick, seed=1, champion=champion)
    share = float(notes[0].split(" in service, in ")[1].split("%")[0]) / 100
    served = (kept.uplift.learner, kept.strength)
    assert (served == champion) == (share < quick.min_win_share)


def test_drift_compares_the_newest_campaigns_with_those_before(
    answered, trials: pd.DataFrame
) -> None:
    newest = trials["starts_on"].max()
    as_of = newest + pd.Timedelta(days=40)
    rows = promotion_drift(answered.artefact, trials, as_of_date=as_of).set_index("feature")
    assert (rows["level"] == "stable").all()
    assert "score" in rows.index
    others = trials.copy()
    others.loc[others["starts_on"] == newest, "order_count_90d"] += 20
    moved = promotion_drift(answered.artefact, others, as_of_date=as_of).set_index("feature")
    assert moved.loc["order_count_90d", "level"] == "large"
    assert promotion_drift(answered.artefact, trials.iloc[:0], as_of_date=as_of).empty


# ---------------------------------------------------------------- service


def test_the_learnt_ranking_is_served_where_it_wins(
    answered, customers: pd.DataFrame, trials: pd.DataFrame
) -> None:
    scores, grades = answered.scores, answered.evaluation.set_index("metric")
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert scores["customer_id"].tolist() == customers["customer_id"].tolist()
    assert set(scores["served_by"]) == {"model"}
    assert set(grades["served"]) == {"model"}
    assert grades.loc["qini", "model_value"] > grades.loc["qini", "baseline_value"]
    assert grades.loc["win_share", "model_value"] >= CONFIG.min_win_share

    true = 0.3 * customers["pull"].to_numpy()
    said = scores["uplift_order_probability"].to_numpy()
    assert np.corrcoef(said, true)[0, 1] > 0.85
    # not much louder than the truth
    assert said.std() < 1.2 * true.std()
    inside = (scores["uplift_low"] <= true) & (true <= scores["uplift_high"])
    assert inside.mean() > 0.75
    assert scores["response_rank"].min() == 1
    first = scores["response_rank"] <= 400
    assert true[first].mean() > 2 * true.mean()
    # what an interval leaves out names the segment
    by_segment = pd.Series(true).groupby(scores["response_segment"]).mean()
    assert by_segment["persuadable"] > 0.05
    assert by_segment["sleeping_dog"] < 0
    # money is orders times what an order of the customer brings
    ratio = scores["uplift_net_spend"] / scores["uplift_order_probability"]
    clear = scores["uplift_order_probability"].abs() > 0.02
    assert ratio[clear].between(10, 1_500).all()
    assert scores["campaign_count"].eq(8).all()


def test_fifths_of_later_campaigns_show_what_was_predicted(answered) -> None:
    table = pd.DataFrame(answered.artefact.fifths)
    gap = (table["mean_predicted"] - table["observed"]) / table["standard_error"]
    assert len(table) == 5
    assert (gap.abs() < 3.5).all()
    assert table["observed"].iloc[0] - table["observed"].iloc[-1] > 0.1


def test_where_nothing_works_nobody_is_called_persuadable(customers: pd.DataFrame) -> None:
    nothing = invented_campaigns(customers, effect=0.0, seed=9)
    result = answer(nothing, customers)
    assert set(result.scores["served_by"]) == {"average"}
    assert result.scores["uplift_order_probability"].nunique() == 1
    assert (result.scores["uplift_low"] <= 0).all()
    assert set(result.scores["response_segment"]) <= {"sure_thing", "lost_cause", "sleeping_dog"}
    # the rule still says whom to try first, equal customers side by side
    order = rule_score(customers, "promo_sensitivity")
    assert result.scores["response_rank"].nunique() == len(np.unique(order.round(6)))


def test_luck_seldom_serves_a_ranking() -> None:
    assert served_by_luck(8) <= 2


def test_an_average_without_a_ranking_where_there_are_too_few_to_judge(
    customers: pd.DataFrame,
) -> None:
    one = invented_campaigns(customers.head(1_500), effect=0.3, campaigns=1)
    result = answer(one, customers)
    assert set(result.scores["served_by"]) == {"average"}
    assert result.evaluation.empty
    assert any("Too few customers to learn a ranking" in note for note in result.artefact.notes)
    effect = result.artefact.order_effect
    assert result.scores["uplift_low"].iloc[0] == pytest.approx(effect.low, abs=1e-6)
    assert result.scores["uplift_net_spend"].iloc[0] == pytest.approx(
        result.artefact.spend_effect.difference, abs=0.01
    )


def test_without_a_holdout_the_rule_is_served_and_no_uplift_invented(
    customers: pd.DataFrame, trials: pd.DataFrame
) -> None:
    for left in (trials[:0], trials[trials["is_treated"]]):
        result = answer(left, customers)
        assert set(result.scores["served_by"]) == {"baseline"}
        assert result.scores.filter(like="uplift").isna().all(axis=None)
        assert result.scores["order_probability"].isna().all()
        assert result.scores["campaign_count"].eq(0).all()
        assert result.evaluation.empty
        assert "no effect is claimed" in result.artefact.notes[-1]
        segments = set(result.scores["response_segment"])
        assert segments == {"persuadable", "sure_thing", "lost_cause"}


def test_rules_by_hand() -> None:
    people = pd.DataFrame(
        {
            # often enough for a window of 28 days; sensitive; neither; never ordered
            "order_count_90d": [4, 3, 0, 0],
            "promo_sensitivity": [0.9, 0.7, 0.59, np.nan],
            "order_count": [9, 5, 1, 0],
            "days_since_last_order": [3, 20, 700, np.nan],
        }
    )
    assert segments_by_rule(people, 28, CONFIG).tolist() == [
        "sure_thing", "persuadable", "lost_cause", "lost_cause",
    ]  # fmt: skip
    assert rule_score(people, "recency").tolist() == [-3, -20, -700, -730]
    assert rule_score(people, "promo_sensitivity").tolist() == [0.9, 0.7, 0.59, 0.5]
    assert rule_score(people, "everybody").tolist() == [0, 0, 0, 0]


# ---------------------------------------------------------------- robustness


def test_order_of_rows_changes_nothing(
    answered, customers: pd.DataFrame, trials: pd.DataFrame
) -> None:
    again = train_and_score(
        arms_of(trials).sample(frac=1, random_state=1),
        trials.sample(frac=1, random_state=2),
        customers.sample(frac=1, random_state=3),
        as_of_date=AS_OF,
        window_days=WINDOW_DAYS,
    )
    pd.testing.assert_frame_equal(again.scores, answered.scores)
    pd.testing.assert_frame_equal(again.evaluation, answered.evaluation)


def test_a_saved_model_answers_as_on_the_day(answered, customers: pd.DataFrame, tmp_path) -> None:
    kept = load_model(save_model(answered.artefact, tmp_path))
    batched = replace(CONFIG, score_batch_rows=700)
    scores = answer_customers(kept, customers, as_of_date=AS_OF, config=batched)
    pd.testing.assert_frame_equal(scores, answered.scores)
    described = (tmp_path / "promotion").glob("*.json")
    assert "c0000000" not in next(described).read_text(encoding="utf-8")


def test_companies_that_hardly_exist(trials: pd.DataFrame, customers: pd.DataFrame) -> None:
    nobody = customers[:0]
    arms = arms_of(trials)[:0]
    empty = train_and_score(arms, trials[:0], nobody, as_of_date=AS_OF, window_days=28)
    assert list(empty.scores.columns) == list(SCORE_COLUMNS)
    assert empty.scores.empty
    one = customers.head(1).assign(promo_sensitivity=None, is_member=None, tenure_days=None)
    alone = train_and_score(arms, trials[:0], one, as_of_date=AS_OF, window_days=28)
    assert alone.scores["response_rank"].tolist() == [1]
    # everybody alike, and nobody ever orders
    flat = trials.assign(**dict.fromkeys(FEATURES, 0.0), has_ordered=False, net_spend=0.0)
    result = answer(flat, customers)
    assert result.artefact.served_by == "average"
    assert result.scores["uplift_order_probability"].eq(0).all()


def test_a_missing_column_is_named(trials: pd.DataFrame, customers: pd.DataFrame) -> None:
    for what, columns in (("arms", ARM_COLUMNS), ("trials", TRIAL_COLUMNS)):
        frames = {"arms": arms_of(trials), "trials": trials}
        frames[what] = frames[what].drop(columns=columns[-1])
        with pytest.raises(ValueError, match=rf"{what} lacks \['{columns[-1]}'\]"):
            train_and_score(*frames.values(), customers, as_of_date=AS_OF, window_days=WINDOW_DAYS)


# ---------------------------------------------------------------- a published experiment


@pytest.mark.skipif(
    not HILLSTROM.exists(),
    reason=f"{HILLSTROM} is not there; STRATA_TEST_DATA names the folder of test data",
)
def test_hillstrom_shows_whom_womens_mail_draws_and_that_mens_mail_draws_all() -> None:
    people = hillstrom()
    womens = contest(people, WOMENS, "visit")
    assert womens["qini"] > 0.005
    assert womens["win_share"] >= 0.9
    table = womens["fifths"]
    gap = (table["mean_predicted"] - table["observed"]) / table["standard_error"]
    assert (gap.abs() < 3).all()
    mens = contest(people, MENS, "visit")
    assert mens["win_share"] < 0.9
