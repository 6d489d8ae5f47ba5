"""The optimiser: what it finds where something was planted, and that it keeps still elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.next_action import NextActionConfig, NextActionResult, learn_policy
from orchestration.analysis.next_action.off_policy import policy_scores, value_of
from orchestration.analysis.next_action.trials import Offers
from tests.analysis.invented_offers import (
    ALIKE,
    AS_OF,
    CONTEXTS,
    COST,
    DIFFERENT,
    PLAYS,
    STRATEGIES,
    TYPES,
    invented_offers,
    true_value,
)


def learnt(trials: pd.DataFrame) -> NextActionResult:
    return learn_policy(trials, STRATEGIES, PLAYS, as_of_date=AS_OF)


def policies(result: NextActionResult) -> pd.DataFrame:
    return result.policies.set_index("policy")


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    return invented_offers(6000, DIFFERENT)


@pytest.fixture(scope="module")
def result(planted: pd.DataFrame) -> NextActionResult:
    return learnt(planted)


def test_each_context_gets_the_action_that_was_planted_for_it(result: NextActionResult) -> None:
    choices = result.choices.set_index(["lifecycle_stage", "rfm_group"])
    # of two plays of one type the cheaper stands for it
    assert choices["play_code"].to_dict() == {
        ("loyal", "core"): "caring",
        ("loyal", "growth"): "novelties",
        ("dormant", "regular"): "waking",
        ("new", "regular"): "welcome",
    }
    assert choices.loc[("loyal", "core"), "chosen_by"] == "optimiser"
    assert choices.loc[("loyal", "growth"), "chosen_by"] == "rule"
    assert pd.isna(choices.loc[("new", "regular"), "expected_value"])


def test_the_learnt_policy_beats_the_best_single_action_by_more_than_its_interval(
    result: NextActionResult,
) -> None:
    values = policies(result)
    assert result.served == "learned"
    assert values.loc["learned", "is_served"]
    assert values.loc["learned", "value"] >= values.loc["best_single_action", "value"]
    assert values.loc["learned", "ci_low"] > values.loc["best_single_action", "ci_high"]
    assert values.loc["learned", "gain_low"] > 0
    assert set(result.evaluation["metric"]) == {
        "policy_value_over_rules",
        "policy_value_over_best_single_action",
    }


def test_intervals_cover_the_true_value_as_often_as_they_say() -> None:
    best = {
        ("loyal", "core"): "care",
        ("loyal", "growth"): "new goods",
        ("dormant", "regular"): "wake-up",
    }
    rules = dict.fromkeys(CONTEXTS, "new goods")
    covered = {"learned": 0, "rules": 0}
    rounds = 50
    for seed in range(rounds):
        trials = invented_offers(4000, DIFFERENT, campaigns=3, seed=100 + seed)
        values = policies(learnt(trials))
        for name, choice in (("learned", best), ("rules", rules)):
            truth = true_value(DIFFERENT, choice, trials)
            row = values.loc[name]
            covered[name] += row["ci_low"] <= truth <= row["ci_high"]
    # with so many customers each part learns the planted policy; below 44 of 50 is 1 % by chance
    assert min(covered.values()) >= 44, covered


@pytest.mark.parametrize("effects", [ALIKE, {c: dict.fromkeys(TYPES, 0.0) for c in CONTEXTS}])
def test_where_contexts_do_not_differ_nothing_learnt_is_served(effects: dict) -> None:
    served = [learnt(invented_offers(2000, effects, seed=seed)).served for seed in range(10)]
    assert "learned" not in served


def test_one_action_that_is_best_for_all_replaces_the_rules() -> None:
    effects = {context: {"care": 60.0, "new goods": 0.0, "wake-up": 0.0} for context in CONTEXTS}
    result = learnt(invented_offers(4000, effects))
    assert result.served == "best_single_action"
    chosen = result.choices[result.choices["chosen_by"] == "optimiser"]
    assert set(chosen["play_code"]) == {"caring"}


def test_writing_that_costs_more_than_it_brings_is_replaced_by_rest() -> None:
    effects = {context: dict.fromkeys(TYPES, -25.0) for context in CONTEXTS}
    result = learnt(invented_offers(4000, effects))
    assert result.served == "best_single_action"
    chosen = result.choices[result.choices["chosen_by"] == "optimiser"]
    assert set(chosen["play_code"]) == {"let_rest"}
    assert (chosen["expected_value"] == 0).all()


def test_a_small_company_keeps_its_rules_and_says_why() -> None:
    result = learnt(invented_offers(300, DIFFERENT, campaigns=2))
    assert result.served == "rules"
    assert result.policies["value"].isna().all()
    assert (result.choices["chosen_by"] == "rule").all()
    assert "are needed to learn what pays" in result.notes[-1]
    assert result.evaluation.empty


def test_no_campaign_at_all_is_no_error(planted: pd.DataFrame) -> None:
    result = learnt(planted.iloc[:0])
    assert result.served == "rules"
    assert len(result.choices) == len(STRATEGIES)


def test_row_order_changes_nothing(planted: pd.DataFrame, result: NextActionResult) -> None:
    again = learnt(planted.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(again.policies, result.policies)
    pd.testing.assert_frame_equal(again.choices, result.choices)


def test_a_campaign_whose_arms_chance_has_not_made_teaches_nothing(planted: pd.DataFrame) -> None:
    # K00 lost most of those whom it left alone
    lost = (planted["campaign_id"] == "K00") & ~planted["is_treated"] & (planted.index % 4 > 0)
    result = learnt(planted[~lost])
    assert any("Campaign K00 is left out" in note for note in result.notes)


def test_a_play_without_a_tested_type_is_left_to_the_rules(planted: pd.DataFrame) -> None:
    strategies = STRATEGIES.assign(play_code="welcome")
    result = learn_policy(planted, strategies, PLAYS, as_of_date=AS_OF)
    assert (result.choices["play_code"] == "welcome").all()
    assert any("was never tested" in note for note in result.notes)


def test_the_doubly_robust_value_by_hand() -> None:
    # one context, two types offered to half each; the policy always takes type 1, foreseen as 10:
    # 10 + 2 * (14 - 1 - 10) for the row that was offered type 1, 10 for the other
    offers = Offers(
        context=np.array([0, 0]),
        action=np.array([1, 2]),
        score=np.array([14.0, 99.0]),
        is_treated=np.array([True, True]),
        customer=np.array([0, 1]),
        fold=np.array([0, 0]),
        contexts=1,
        actions=2,
    )
    scores = policy_scores(
        offers,
        np.array([[1]]),
        np.array([[[0.0, 10.0, 20.0]]]),
        np.array([[0.0, COST, COST]]),
    )
    assert scores.tolist() == [16.0, 10.0]
    value = value_of(scores, offers.customer, NextActionConfig().confidence)
    # two draws 3 from their mean: standard error sqrt(2 * 18) / 2 = 3
    assert value.mean == 13.0
    assert value.high - value.mean == pytest.approx(1.959964 * 3)
