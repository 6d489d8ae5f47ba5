"""Clusters: found, named, and still the same group after a rerun or a few more customers."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from orchestration.analysis.segmentation import (
    ASSIGNMENT_COLUMNS,
    ClusterConfig,
    PreviousClusters,
    cluster_customers,
)
from orchestration.analysis.segmentation.labels import MODIFIERS, is_still_true, name_cluster
from orchestration.analysis.segmentation.matching import KnownCluster, match_clusters

# share, silence in days, orders a year, basket, share in stores, active days: four kinds of people
KINDS = {
    "store_regular": (0.25, 12, 24, 80, 0.95, 2),
    "online_regular": (0.25, 15, 18, 90, 0.03, 40),
    "lapsed": (0.30, 320, 1, 60, 0.5, 0.2),
    "big_basket": (0.20, 60, 3, 900, 0.1, 8),
}
FAST = ClusterConfig(sample_rows=800, restarts=3, stability_rounds=2)


def planted(customers: int, *, seed: int = 0, spread: float = 0.35) -> pd.DataFrame:
    """customer_features of planted groups with log-normal scatter; the truth in column `kind`."""
    generator = np.random.default_rng(seed)
    names = list(KINDS)
    kind = generator.choice(len(names), customers, p=[KINDS[name][0] for name in names])
    middle = np.array([KINDS[name][1:] for name in names])[kind]

    def scattered(column):
        return middle[:, column] * generator.lognormal(0, spread, customers)

    orders = np.maximum(np.round(scattered(1)), 1)
    basket = scattered(2)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in range(customers)],
            "days_since_last_order": np.round(scattered(0)),
            "order_count_365d": orders,
            "net_spend_365d": orders * basket,
            "average_order_value": basket,
            "distinct_category_count": np.ceil(orders / 4),
            "discount_share": generator.beta(2, 8, customers),
            "coupon_order_share": generator.beta(1, 9, customers),
            "store_order_share": np.clip(middle[:, 3] + generator.normal(0, 0.04, customers), 0, 1),
            "active_days_90d": np.round(scattered(4)),
            "tenure_days": generator.integers(100, 900, customers),
            "kind": [names[number] for number in kind],
        }
    )


@pytest.fixture(scope="module")
def people():
    return planted(1050)


@pytest.fixture(scope="module")
def first(people):
    return cluster_customers(people.iloc[:1000], config=FAST)


def test_planted_groups_are_found_and_named(people, first):
    assert first.chosen_k == 4
    joined = people.merge(first.assignments, on="customer_id", validate="1:1")
    assert adjusted_rand_score(joined["kind"], joined["cluster_id"]) > 0.95
    labels = joined.groupby("kind")["label_en"].agg(lambda column: column.mode()[0])
    assert labels["store_regular"].endswith("store regulars")
    assert (
        labels["online_regular"].endswith("online regulars")
        or "browsing" in labels["online_regular"]
    )
    assert labels["lapsed"].endswith("lapsed customers")
    assert "ig-basket" in labels["big_basket"]
    chinese = joined.groupby("kind")["label_zh"].agg(lambda column: column.mode()[0])
    assert chinese["store_regular"].endswith("门店忠实客")
    assert first.stability > 0.9 and first.silhouette > 0.3


def test_columns_ids_and_distances_are_as_promised(people, first):
    assert tuple(first.assignments.columns) == ASSIGNMENT_COLUMNS
    assert list(first.assignments["customer_id"]) == list(people["customer_id"].iloc[:1000])
    # Ids count from 1, the largest group first.
    sizes = first.assignments["cluster_id"].value_counts()
    assert list(sizes.sort_index().index) == [1, 2, 3, 4]
    assert sizes.sort_index().is_monotonic_decreasing
    assert first.assignments["distance"].ge(0).all()
    for column in ("label_zh", "label_en"):
        assert first.assignments.groupby("cluster_id")[column].nunique().eq(1).all()
        assert first.assignments[column].nunique() == 4
    assert set(first.centroids["cluster_id"]) == {1, 2, 3, 4}


def test_profile_says_what_sets_a_group_apart(first):
    profile = first.profile.set_index(["label_en", "feature"])
    store = next(label for label in profile.index.levels[0] if label.endswith("store regulars"))
    row = profile.loc[(store, "store_order_share")]
    assert row["deviation"] > 0.8
    assert row["cluster_median"] > row["population_median"]
    shares = first.profile.drop_duplicates("cluster_id")["customer_share"]
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)


def test_rerun_on_the_same_data_is_identical(people, first):
    shuffled = people.iloc[:1000].sample(frac=1, random_state=9)
    stored = PreviousClusters.from_dict(json.loads(json.dumps(first.state.to_dict())))
    for previous in (None, stored):
        again = cluster_customers(shuffled, previous, config=FAST)
        pd.testing.assert_frame_equal(again.assignments, first.assignments)
    assert again.state.to_dict()["next_cluster_id"] == first.state.next_cluster_id


@pytest.mark.parametrize("spread", [0.35, 1.1])
def test_five_per_cent_more_customers_keep_groups_and_labels(spread):
    """Also where the groups run into one another (spread 1.1)."""
    people = planted(1050, seed=3, spread=spread)
    before = cluster_customers(people.iloc[:1000], config=FAST)
    after = cluster_customers(people, before.state, config=FAST)
    joined = before.assignments.merge(after.assignments, on="customer_id", validate="1:1")
    assert adjusted_rand_score(joined["cluster_id_x"], joined["cluster_id_y"]) >= 0.9
    matched = joined[joined["cluster_id_x"] == joined["cluster_id_y"]]
    assert len(matched) / len(joined) >= 0.95
    assert (matched["label_en_x"] == matched["label_en_y"]).all()


def test_ids_follow_the_group_when_sizes_swap(people, first):
    """Fewer lapsed customers: the group is no longer the largest, but still the same one."""
    rarer = people[(people["kind"] != "lapsed") | (people.index % 3 == 0)]
    after = cluster_customers(rarer, first.state, config=FAST)
    joined = first.assignments.merge(after.assignments, on="customer_id", validate="1:1")
    assert (joined["cluster_id_x"] == joined["cluster_id_y"]).mean() > 0.97


def test_a_new_group_gets_a_new_id_and_a_vanished_id_is_not_reused(people, first):
    without = people[people["kind"] != "big_basket"]
    lost = cluster_customers(without, first.state, config=FAST)
    vanished = {1, 2, 3, 4} - set(lost.assignments["cluster_id"])
    assert lost.chosen_k == 3 and len(vanished) == 1
    assert lost.state.next_cluster_id == 5
    back = cluster_customers(people, lost.state, config=FAST)
    assert set(back.assignments["cluster_id"]) == {1, 2, 3, 4, 5} - vanished


def test_one_whale_moves_nobody_else(people, first):
    whale = people.iloc[:1000].copy()
    whale.loc[0, ["net_spend_365d", "average_order_value"]] = 1e12
    after = cluster_customers(whale, first.state, config=FAST)
    same = after.assignments["cluster_id"] == first.assignments["cluster_id"]
    assert (~same.iloc[1:]).mean() < 0.005


def test_customers_without_orders_are_a_group_by_rule(people):
    mixed = people.copy()
    mixed.loc[::3, ["days_since_last_order", "average_order_value", "store_order_share"]] = np.nan
    mixed.loc[::3, ["order_count_365d", "net_spend_365d"]] = 0
    result = cluster_customers(mixed, config=FAST)
    by_rule = result.assignments[result.assignments["cluster_id"] == 0]
    assert set(by_rule["customer_id"]) == set(mixed.loc[::3, "customer_id"])
    assert set(by_rule["label_en"]) == {"No order yet"}
    assert set(by_rule["label_zh"]) == {"尚未下单"}
    assert by_rule["distance"].isna().all()
    assert "by rule" in result.notes[0]


@pytest.mark.parametrize("customers", [1, 2, 20, 49])
def test_few_customers_are_one_group_and_the_notes_say_so(customers):
    result = cluster_customers(planted(customers))
    assert set(result.assignments["label_en"]) == {"All buyers"}
    assert result.chosen_k == 1
    assert "too few" in result.notes[-1]
    again = cluster_customers(planted(customers), result.state)
    pd.testing.assert_frame_equal(again.assignments, result.assignments)


@pytest.mark.parametrize("customers", [50, 70])
def test_somewhat_more_customers_form_two_or_three_groups(customers):
    result = cluster_customers(planted(customers))
    assert result.chosen_k in (2, 3)
    assert result.assignments["label_en"].nunique() == result.chosen_k


def test_growing_out_of_one_group_gives_fresh_ids_and_true_labels():
    small = cluster_customers(planted(30))
    grown = cluster_customers(planted(400), small.state, config=FAST)
    assert "All buyers" not in set(grown.assignments["label_en"])
    assert grown.assignments["cluster_id"].min() == 1


def test_no_orders_and_no_customers_do_not_fail(people):
    visitors = people.head(60).assign(days_since_last_order=np.nan)
    result = cluster_customers(visitors)
    assert set(result.assignments["cluster_id"]) == {0} and result.chosen_k == 0
    empty = cluster_customers(people.head(0))
    assert tuple(empty.assignments.columns) == ASSIGNMENT_COLUMNS and empty.assignments.empty


def test_constant_null_and_missing_columns_are_left_out(people):
    frame = people.iloc[:500].assign(
        active_days_90d=None, discount_share=0.0, coupon_order_share=np.nan
    )
    result = cluster_customers(frame.drop(columns="tenure_days"), config=FAST)
    left_out = {"active_days_90d", "discount_share", "coupon_order_share", "tenure_days"}
    assert not left_out & set(result.scale.features)
    assert result.chosen_k >= 3
    columns = [name for name in frame if name not in ("customer_id", "kind")]
    same = cluster_customers(frame.assign(**dict.fromkeys(columns, 1.0)))
    assert set(same.assignments["label_en"]) == {"All buyers"}
    assert "no feature varies" in same.notes[-1]


def test_two_kinds_of_identical_customers_make_two_groups():
    frame = planted(200).assign(discount_share=0.0, coupon_order_share=0.0, tenure_days=300)
    frame = pd.concat([frame.iloc[[0]].copy()] * 100 + [frame.iloc[[1]].copy()] * 100)
    frame["customer_id"] = [f"c{number}" for number in range(200)]
    result = cluster_customers(frame, config=FAST)
    assert result.assignments["label_en"].nunique() == result.chosen_k <= 2


def test_sampled_fit_assigns_everybody_like_the_whole_fit(people, first):
    config = ClusterConfig(
        sample_rows=400, fit_rows=500, batch_rows=77, restarts=3, stability_rounds=2
    )
    sampled = cluster_customers(people.iloc[:1000], first.state, config=config)
    assert len(sampled.assignments) == 1000
    agreement = adjusted_rand_score(
        sampled.assignments["cluster_id"], first.assignments["cluster_id"]
    )
    assert agreement > 0.97


def test_repeated_customers_and_missing_columns_are_errors(people):
    with pytest.raises(ValueError, match="repeats"):
        cluster_customers(pd.concat([people, people.head(1)]))
    with pytest.raises(ValueError, match="lacks"):
        cluster_customers(people.drop(columns="days_since_last_order"))
    with pytest.raises(ValueError, match="not readable"):
        PreviousClusters.from_dict({"clusters": [{}]})


def test_matching_minimises_the_total_and_refuses_strangers():
    new = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
    old = np.array([[0.9, 0.0], [-0.6, 0.0]])
    # Greedy would take 1→0 too, but 0 is then left with 1; the third is nobody's successor.
    assert match_clusters(new, old, max_distance=0.75) == {0: 1, 1: 0}
    assert match_clusters(new, np.empty((0, 2)), max_distance=0.75) == {}


def test_labels_are_unique_even_for_equal_groups():
    taken: list[str] = []
    for _ in range(4):
        taken.append(name_cluster({"order_count_365d": 1.2, "store_order_share": 0.9}, taken).en)
    assert len(set(taken)) == 4
    assert taken[0] == "Store regulars"
    assert name_cluster({"tenure_days": 0.1}, []).zh == "普通顾客"


def test_a_label_that_is_no_longer_true_is_replaced_and_the_id_kept(people, first):
    wrong = [
        KnownCluster(c.cluster_id, c.label_zh, "Newcomers", c.centroid, {"tenure_days": -1})
        if c.label_en.endswith("lapsed customers")
        else c
        for c in first.state.clusters
    ]
    result = cluster_customers(people.iloc[:1000], PreviousClusters(tuple(wrong), 5), config=FAST)
    assert "Newcomers" not in set(result.assignments["label_en"])
    assert list(result.assignments["cluster_id"]) == list(first.assignments["cluster_id"])
    assert any("renamed" in note for note in result.notes)
    assert not is_still_true({"tenure_days": -1}, {"tenure_days": 0.3})


def test_every_feature_has_words_for_both_directions():
    from orchestration.analysis.segmentation.features import FEATURES

    needed = {(feature.name, direction) for feature in FEATURES for direction in (1, -1)}
    assert needed == set(MODIFIERS)
    assert len({word.en for word in MODIFIERS.values()}) == len(MODIFIERS)
    assert len({word.zh for word in MODIFIERS.values()}) == len(MODIFIERS)


@pytest.mark.parametrize("stored", [{"clusters": []}, {"clusters": [{}], "next_cluster_id": 1}])
def test_a_memory_that_is_none_says_what_to_do(stored):
    with pytest.raises(ValueError, match="delete them"):
        PreviousClusters.from_dict(stored)
