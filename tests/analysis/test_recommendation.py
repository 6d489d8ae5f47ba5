"""Recommendations: metrics by hand, an honest contest, lists that do not depend on row order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from orchestration.analysis.recommendation import (
    CANDIDATE_COLUMNS,
    RECOMMENDATION_COLUMNS,
    RecommendationConfig,
    load_model,
    recommend,
    save_model,
    train_ranker,
)
from orchestration.analysis.recommendation.ranking import list_metrics, places, win_share
from orchestration.analysis.recommendation.signals import SIGNALS
from orchestration.assets.recommendation import whole_customers

AS_OF = date(2025, 6, 30)
DATES = [date(2025, 1, 31), date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31)]
PRODUCTS = 25


def invented(
    customers: int, *, seed: int, informative: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Candidates and targets of DATES; purchases follow looks, which the rules do not see."""
    generator = np.random.default_rng(seed)
    frames = []
    for day in DATES:
        count = customers * PRODUCTS
        frame = pd.DataFrame(
            {
                "as_of_date": pd.Timestamp(day),
                "customer_id": np.repeat([f"c{n:04d}" for n in range(customers)], PRODUCTS),
                "product_id": np.tile([f"P{n:02d}" for n in range(PRODUCTS)], customers),
                **{name: 0.0 for name in SIGNALS},
            }
        )
        frame["popularity"] = np.tile(np.arange(PRODUCTS, 0, -1.0), customers)
        frame["order_day_count"] = (generator.random(count) < 0.1).astype(float)
        frame["look_score"] = np.where(generator.random(count) < 0.15, 4.0, 0.0)
        # never known in this company: such a column must not stop anything
        frame["price_distance"] = np.nan
        drawn = (
            frame["look_score"].to_numpy()
            if informative
            else generator.permutation(frame["look_score"])
        )
        chance = 0.03 + 0.05 * frame["order_day_count"] + 0.1 * drawn
        frame["is_bought"] = generator.random(count) < chance
        frame["is_in_next_basket"] = frame["is_bought"]
        frames.append(frame)
    candidates = pd.concat(frames, ignore_index=True)
    bought = candidates.groupby(["as_of_date", "customer_id"], as_index=False)["is_bought"].sum()
    targets = bought.rename(columns={"is_bought": "bought_count"})
    targets = targets[targets["bought_count"] > 0].assign(
        next_basket_count=lambda rows: rows["bought_count"]
    )
    kept = candidates.merge(targets[["as_of_date", "customer_id"]])
    return kept, targets


def of_today(customers: int) -> pd.DataFrame:
    candidates, _ = invented(customers, seed=9)
    today = candidates[candidates["as_of_date"] == pd.Timestamp(DATES[-1])].copy()
    today["kind"] = np.where(today["order_day_count"] > 0, "replenish", "popular")
    return today


@pytest.fixture(scope="module")
def trained():
    return train_ranker(*invented(200, seed=1), as_of_date=AS_OF)


def test_places_go_by_score_then_by_the_order_of_rows() -> None:
    lists = np.array([1, 0, 0, 0, 1])
    # the third and fourth differ in the twelfth digit, which is none of score's business
    score = np.array([0.1, 0.2, 0.5, 0.5 + 1e-12, 0.9])
    assert places(lists, score).tolist() == [2, 3, 1, 2, 1]


def test_metrics_of_a_list_worked_out_by_hand() -> None:
    # told: A hit, B no, C hit; a third purchase was no candidate at all
    targets = pd.DataFrame({"bought_count": [3], "next_basket_count": [1]})
    bought, next_basket = np.array([True, False, True]), np.array([False, False, True])
    row = list_metrics(
        np.zeros(3, dtype=int), np.array([3.0, 2.0, 1.0]), bought, next_basket, targets, length=10
    ).iloc[0]
    assert row["recall_at_10"] == pytest.approx(2 / 3)
    assert row["next_basket_recall_at_10"] == 1.0
    assert row["hit_rate_at_10"] == 1.0
    # gains 1/log2(2) and 1/log2(4), of 1 + 1/log2(3) + 1/log2(4) at best
    assert row["ndcg_at_10"] == pytest.approx(1.5 / (1 + 1 / np.log2(3) + 0.5))


def test_what_stands_behind_the_tenth_place_is_no_hit() -> None:
    targets = pd.DataFrame({"bought_count": [1], "next_basket_count": [1]})
    bought = np.arange(11) == 10
    lists, score = np.zeros(11, dtype=int), -np.arange(11.0)
    row = list_metrics(lists, score, bought, bought, targets, length=10)
    assert row.iloc[0].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_resamples_draw_customers_and_not_lists() -> None:
    # one customer in eight carries all of the gain, on all dates: a third of the resamples miss it
    difference = np.where(np.arange(24) % 8 == 0, 1.0, -0.1)
    share = win_share(difference, np.arange(24) % 8, rounds=2000, seed=1)
    assert 0.55 < share < 0.75


def test_the_blend_is_served_when_it_sees_what_the_rules_do_not(trained) -> None:
    assert trained.artefact.served_by == "model"
    recall = trained.evaluation[trained.evaluation["metric"] == "recall_at_10"]
    assert (recall["model_value"] > recall["baseline_value"]).all()
    # January's window ends in March: it trains for 31 March, which in turn trains for 30 April
    assert sorted(recall["as_of_date"]) == DATES[1:]
    assert set(trained.evaluation["served"]) == {"model"}
    today = of_today(30)
    told = recommend(trained.artefact, today).merge(today, on=["customer_id", "product_id"])
    first = told[told["rank"] == 1]
    assert (first["look_score"] > 0).mean() > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_purchases_that_follow_from_nothing_leave_the_rule_in_service(seed: int) -> None:
    candidates, targets = invented(150, seed=seed, informative=False)
    generator = np.random.default_rng(seed)
    # within each list, so that everybody buys as much as before
    drawn = candidates.assign(draw=generator.random(len(candidates)))
    keys = ["as_of_date", "customer_id"]
    shuffled = drawn.sort_values([*keys, "draw"])[["is_bought", "is_in_next_basket"]]
    drawn = drawn.sort_values([*keys, "product_id"])
    drawn[["is_bought", "is_in_next_basket"]] = shuffled.to_numpy()
    result = train_ranker(drawn, targets, as_of_date=AS_OF)
    assert result.artefact.served_by == "baseline"
    assert set(result.evaluation["served"]) == {"baseline"}


def test_lists_hold_the_best_and_the_best_of_each_kind(trained) -> None:
    today = of_today(30)
    told = recommend(trained.artefact, today)
    assert tuple(told.columns) == RECOMMENDATION_COLUMNS
    assert told["score"].between(0, 1).all()
    for _, rows in told.groupby("customer_id"):
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows["score"].is_monotonic_decreasing
    sizes = told.groupby("customer_id").size()
    assert sizes.min() >= 10 and sizes.max() <= 14
    kinds = told.merge(today[["customer_id", "product_id", "kind"]])
    offered = today.groupby(["customer_id", "kind"]).size().clip(upper=2)
    assert (kinds.groupby(["customer_id", "kind"]).size().reindex(offered.index) >= offered).all()


def test_the_order_of_rows_decides_nothing(trained) -> None:
    candidates, targets = invented(200, seed=1)
    mixed = train_ranker(
        candidates.sample(frac=1, random_state=3),
        targets.sample(frac=1, random_state=4),
        as_of_date=AS_OF,
    )
    assert mixed.artefact.model_version == trained.artefact.model_version
    pd.testing.assert_frame_equal(mixed.evaluation, trained.evaluation)
    today = of_today(30)
    pd.testing.assert_frame_equal(
        recommend(mixed.artefact, today.sample(frac=1, random_state=5)),
        recommend(trained.artefact, today),
    )


def test_a_customer_s_list_does_not_depend_on_who_else_is_asked(trained) -> None:
    today = of_today(30)
    alone = today[today["customer_id"] == today["customer_id"].iloc[0]]
    told = recommend(trained.artefact, today)
    pd.testing.assert_frame_equal(
        recommend(trained.artefact, alone),
        told[told["customer_id"] == alone["customer_id"].iloc[0]].reset_index(drop=True),
    )


def test_a_saved_ranker_answers_as_before(trained, tmp_path) -> None:
    path = save_model(trained.artefact, tmp_path)
    assert path.with_suffix(".json").exists()
    today = of_today(10)
    pd.testing.assert_frame_equal(
        recommend(load_model(path), today), recommend(trained.artefact, today)
    )


@pytest.mark.parametrize("customers", [0, 1, 20])
def test_small_companies_are_served_by_own_purchases_and_popularity(customers: int) -> None:
    candidates, targets = invented(20, seed=2)
    keep = [f"c{number:04d}" for number in range(customers)]
    result = train_ranker(
        candidates[candidates["customer_id"].isin(keep)],
        targets[targets["customer_id"].isin(keep)],
        as_of_date=AS_OF,
    )
    assert result.artefact.served_by == "baseline"
    assert result.artefact.rule_name == "own_frequency_popularity"
    assert result.evaluation.empty
    assert any("nothing can be graded" in note for note in result.notes)
    today = of_today(3)
    told = recommend(result.artefact, today).merge(today, on=["customer_id", "product_id"])
    first = told[told["rank"] == 1]
    most = today.groupby("customer_id")["order_day_count"].max()
    assert (first.set_index("customer_id")["order_day_count"] == most).all()
    assert recommend(result.artefact, today[:0]).empty


def test_too_few_hits_are_not_learnt_from() -> None:
    candidates, targets = invented(200, seed=1)
    result = train_ranker(
        candidates,
        targets,
        as_of_date=AS_OF,
        config=replace(RecommendationConfig(), min_hits=10**6),
    )
    assert result.artefact.served_by == "baseline"
    assert result.evaluation["model_value"].isna().all()
    assert result.evaluation["baseline_value"].notna().all()


def test_wrong_input_is_refused_with_the_remedy() -> None:
    candidates, targets = invented(20, seed=2)
    with pytest.raises(ValueError, match="lacks"):
        train_ranker(candidates.drop(columns="look_score"), targets, as_of_date=AS_OF)
    with pytest.raises(ValueError, match="repeats"):
        train_ranker(pd.concat([candidates, candidates]), targets, as_of_date=AS_OF)
    with pytest.raises(ValueError, match="targets lack"):
        train_ranker(candidates, targets[1:], as_of_date=AS_OF)
    assert set(CANDIDATE_COLUMNS) <= set(of_today(2).columns)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_are_cut_between_customers(size: int) -> None:
    owners = ["a", "a", "a", "b", "c", "c", "c", "c", "d"]
    table = pa.table({"person": owners, "row": range(len(owners))})
    pieces = list(whole_customers(table.to_batches(max_chunksize=size)))
    assert pa.concat_tables(pieces)["row"].to_pylist() == list(range(len(owners)))
    seen = [set(piece["person"].to_pylist()) for piece in pieces]
    assert sum(len(owners) for owners in seen) == 4
    assert list(whole_customers([])) == []
