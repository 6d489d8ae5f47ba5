"""Interests: planted tastes are found, named and kept; without any, the rule says so."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from orchestration.analysis.interests import (
    InterestConfig,
    InterestMemory,
    InterestResult,
    find_interests,
)
from orchestration.analysis.interests.labels import fans, is_still_true, name_factor
from orchestration.analysis.interests.scoring import (
    DEPARTMENT_SCHEMA,
    INTEREST_SCHEMA,
    SEGMENT_SCHEMA,
    thresholds,
)
from tests.analysis.invented_tastes import Tastes, described, planted, popular

AS_OF = date(2025, 12, 31)
TABLES = ("interests", "segments", "departments")


def found(tastes: Tastes, previous: InterestMemory | None = None, **settings) -> InterestResult:
    return find_interests(
        tastes.acts,
        tastes.categories,
        previous=previous,
        as_of_date=AS_OF,
        config=InterestConfig(**settings),
    )


@pytest.fixture(scope="module")
def tastes() -> Tastes:
    return planted(2000, seed=1)


@pytest.fixture(scope="module")
def first(tastes: Tastes) -> InterestResult:
    return found(tastes)


def segments_of(result: InterestResult) -> pd.Series:
    return result.segments.to_pandas().set_index("customer_id")["interest_segment"]


def part(tastes: Tastes, ids: pd.Index) -> Tastes:
    return tastes._replace(
        acts=tastes.acts[tastes.acts["customer_id"].isin(ids)], kinds=tastes.kinds[ids]
    )


def test_planted_likings_become_groups(tastes: Tastes, first: InterestResult) -> None:
    assert first.served == "model"
    groups = segments_of(first)
    assert adjusted_rand_score(tastes.kinds[groups.index], groups) > 0.9


def test_names_say_what_was_planted_in_both_languages(
    tastes: Tastes, first: InterestResult
) -> None:
    named = first.segments.to_pandas().set_index("customer_id")
    usual = named.groupby(tastes.kinds)[["label_zh", "label_en"]].agg(lambda c: c.mode()[0])
    assert usual.loc["beauty", "label_zh"] in ("护肤·彩妆爱好者", "彩妆·护肤爱好者")
    assert usual.loc["beauty", "label_en"] in (
        "Skincare and makeup fans",
        "Makeup and skincare fans",
    )
    assert set(usual.loc["outdoors", "label_en"].lower().split()) == {
        "camping", "and", "cycling", "fans",
    }  # fmt: skip


def test_the_model_is_graded_on_a_later_window_beside_both_rules(first: InterestResult) -> None:
    grades = first.evaluation.set_index("metric")
    assert set(grades.index) == {
        "log_likelihood",
        "recall_at_3",
        "log_likelihood_over_popularity",
        "recall_at_3_over_popularity",
    }
    assert (grades["model_value"] > grades["baseline_value"]).all()
    assert set(first.evaluation["model"]) == {"interests"}
    assert set(first.evaluation["as_of_date"]) == {AS_OF}


def test_strength_is_a_share_that_own_signs_carry(first: InterestResult) -> None:
    interests = first.interests.to_pandas()
    assert interests["strength"].between(0, 1).all()
    assert (interests.groupby("customer_id")["strength"].sum() <= 1).all()
    assert (interests.groupby("customer_id")["rank"].max() <= 10).all()
    ordered = interests.sort_values(["customer_id", "rank"])
    assert (ordered.groupby("customer_id")["strength"].diff().fillna(0) <= 0).all()
    by_own = interests[~interests["is_collaborative"]]
    assert (by_own["evidence_count"] >= 2).all()
    departments = first.departments.to_pandas()
    assert (departments.groupby("customer_id")["strength"].sum() <= 1 + 1e-6).all()


def test_what_is_liked_together_fills_what_nobody_has_seen_yet(
    tastes: Tastes, first: InterestResult
) -> None:
    """Four signs of skincare alone: make-up is the next likely interest, camping is not."""
    acts = pd.concat(
        [
            tastes.acts,
            pd.DataFrame(
                {
                    "customer_id": ["new"],
                    "category": ["skincare"],
                    "act_count": [4],
                    "choosing_act_count": [0],
                    "grading_act_count": [0],
                }
            ),
        ]
    )
    result = found(tastes._replace(acts=acts), first.memory)
    own = result.interests.to_pandas().query("customer_id == 'new'")
    assert own["interest"].tolist() == ["skincare", "makeup"]
    assert own["is_collaborative"].tolist() == [False, True]
    assert own["evidence_count"].tolist() == [4, 0]


def test_no_interest_comes_from_one_sign(tastes: Tastes) -> None:
    single = tastes.acts.assign(act_count=1, choosing_act_count=0, grading_act_count=0)
    single = single.drop_duplicates("customer_id")
    result = found(tastes._replace(acts=single))
    assert len(result.interests) == 0 and len(result.departments) == 0
    assert set(segments_of(result)) == {"unknown"}
    assert result.segments["strength"].null_count == len(result.segments)


def test_more_own_signs_are_trusted_more() -> None:
    """The same half of the signs weighs more when there are twenty times as many."""
    tastes = popular(500, seed=2)
    extra = pd.DataFrame(
        {
            "customer_id": ["few", "few", "many", "many"],
            "category": ["camping", "snacks"] * 2,
            "act_count": [2, 2, 40, 40],
            "choosing_act_count": 0,
            "grading_act_count": 0,
        }
    )
    result = found(tastes._replace(acts=pd.concat([tastes.acts, extra])))
    departments = result.departments.to_pandas().set_index(["customer_id", "department"])
    strength = departments["strength"]
    assert 0.1 < strength["few", "sports"] < strength["many", "sports"] < 0.5


def test_where_everybody_is_alike_the_rule_is_served_and_groups_are_departments() -> None:
    result = found(popular(3000, seed=4))
    assert result.served == "baseline"
    assert set(result.evaluation["served"]) == {"baseline"}
    assert any("is served" in note for note in result.notes)
    assert set(segments_of(result)) <= {*described()["department"], "broad", "unknown"}
    # nothing sets anybody apart, so hardly anybody is told an interest
    assert len(result.interests) < 0.05 * len(result.segments)
    assert not any(result.interests["is_collaborative"].to_pylist())


def test_order_of_rows_does_not_matter(tastes: Tastes, first: InterestResult) -> None:
    shuffled = Tastes(
        tastes.acts.sample(frac=1, random_state=5),
        tastes.categories.sample(frac=1, random_state=6),
        tastes.kinds,
    )
    again = found(shuffled)
    for name in TABLES:
        assert getattr(again, name).equals(getattr(first, name)), name
    pd.testing.assert_frame_equal(again.evaluation, first.evaluation)


def test_a_rerun_that_remembers_the_first_says_the_same(
    tastes: Tastes, first: InterestResult
) -> None:
    stored = InterestMemory.from_dict(json.loads(json.dumps(first.memory.to_dict())))
    again = found(tastes, stored)
    for name in TABLES:
        assert getattr(again, name).equals(getattr(first, name)), name
    assert again.memory == first.memory


def test_batches_do_not_show(tastes: Tastes, first: InterestResult) -> None:
    again = found(tastes, batch_rows=77)
    for name in TABLES:
        assert getattr(again, name).equals(getattr(first, name)), name


def test_five_per_cent_more_customers_keep_codes_and_names() -> None:
    tastes = planted(2100, seed=7)
    before = found(part(tastes, tastes.kinds.index[:2000]))
    after = found(tastes, before.memory)
    joined = before.segments.to_pandas().merge(
        after.segments.to_pandas(), on="customer_id", validate="1:1"
    )
    same = joined["interest_segment_x"] == joined["interest_segment_y"]
    assert same.mean() >= 0.98
    assert (joined["label_en_x"] == joined["label_en_y"])[same].all()


def test_a_vanished_code_is_not_given_to_another_group(
    tastes: Tastes, first: InterestResult
) -> None:
    """Tech customers leave; when others come with a new liking, they get a new code."""
    tech = first.segments.to_pandas().set_index("customer_id")
    tech_code = tech.loc[tastes.kinds[tastes.kinds == "tech"].index, "interest_segment"].mode()[0]
    changed = tastes.acts.replace({"category": {"phones": "bedding", "audio": "storage"}})
    changed = changed.groupby(["customer_id", "category"], as_index=False).sum()
    result = found(tastes._replace(acts=changed), first.memory)
    assert any("new ones were found" in note for note in result.notes)
    assert tech_code not in set(segments_of(result))
    others = set(segments_of(first)) - {tech_code, "broad", "unknown"}
    assert others <= set(segments_of(result))
    assert result.memory.next_number > first.memory.next_number


def test_every_customer_has_exactly_one_group(tastes: Tastes) -> None:
    everybody = pd.Series([*tastes.kinds.index, "never seen"])
    result = find_interests(tastes.acts, tastes.categories, everybody, as_of_date=AS_OF)
    groups = segments_of(result)
    assert groups.index.is_unique and set(groups.index) == set(everybody)
    assert groups["never seen"] == "unknown"
    assert result.summary["customer_count"].sum() == len(everybody)


def test_three_hundred_customers_are_enough() -> None:
    tastes = planted(300, seed=8)
    groups = segments_of(found(tastes))
    assert adjusted_rand_score(tastes.kinds[groups.index], groups) > 0.7


def test_too_few_customers_are_told_by_the_rule() -> None:
    result = found(planted(30, seed=9))
    assert result.served == "baseline" and result.evaluation.empty
    assert "are needed" in result.notes[0]
    assert len(result.segments) == 30


def test_no_signs_give_empty_tables_with_types(tastes: Tastes) -> None:
    result = found(tastes._replace(acts=tastes.acts.head(0)))
    for name, schema in zip(
        TABLES, (INTEREST_SCHEMA, SEGMENT_SCHEMA, DEPARTMENT_SCHEMA), strict=True
    ):
        assert len(getattr(result, name)) == 0
        assert getattr(result, name).schema == schema
    nothing = found(Tastes(tastes.acts.head(0), tastes.categories.head(0), tastes.kinds))
    assert nothing.segments.schema == SEGMENT_SCHEMA


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda acts: acts.drop(columns="act_count"), "lacks"),
        (lambda acts: pd.concat([acts, acts.head(1)]), "repeat"),
        (lambda acts: acts.assign(category="unheard_of"), "does not describe"),
    ],
)
def test_wrong_input_is_refused(tastes: Tastes, change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        found(tastes._replace(acts=change(tastes.acts)))


def test_unreadable_memory_is_an_error() -> None:
    with pytest.raises(ValueError, match="not readable"):
        InterestMemory.from_dict({"factors": [{}]})


def test_a_category_is_an_interest_from_four_times_an_even_share() -> None:
    config = InterestConfig()
    assert thresholds(np.full(40, 1 / 40), config) == pytest.approx(0.1)
    # of ten categories each has much; of five everybody has a fifth, so twice that is needed
    assert thresholds(np.full(10, 0.1), config) == pytest.approx(0.2)
    assert thresholds(np.full(5, 0.2), config) == pytest.approx(0.4)
    # what everybody buys has to be bought twice as much
    popularity = np.array([0.2, *np.full(40, 0.02)])
    assert thresholds(popularity, config)[0] == pytest.approx(0.4)


def test_names_of_equal_factors_differ() -> None:
    popularity, words = np.full(4, 0.25), ["a", "b", "c", "d"]
    factor = np.array([0.7, 0.2, 0.05, 0.05])
    taken: list[str] = []
    for _ in range(6):
        taken.append(name_factor(factor, popularity, words, words, words, taken).en)
    assert len(set(taken)) == 6
    assert fans(["护肤"], ["Skincare"]).zh == "护肤爱好者"
    assert is_still_true(["a"], factor, popularity, words)
    assert not is_still_true(["d"], factor, popularity, words)
    assert not is_still_true(["gone"], factor, popularity, words)
