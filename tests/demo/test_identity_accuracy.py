"""Pairwise identity accuracy, by hand and against listing every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from orchestration.demo.identity_accuracy import pairwise_accuracy


def records(values: list, column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": "crm",
            "source_customer_id": [f"r{k}" for k in range(len(values))],
            column: values,
        }
    )


@pytest.mark.parametrize(
    ("customers", "persons", "precision", "recall"),
    [
        # right throughout
        (["a", "a", "b"], ["p", "p", "q"], 1.0, 1.0),
        # nothing joined: no wrong pair, no found pair
        (["a", "b", "c"], ["p", "p", "q"], 1.0, 0.0),
        # everything joined: 1 of 3 pairs is right
        (["a", "a", "a"], ["p", "p", "q"], 1 / 3, 1.0),
        # 3 true pairs, 1 found; the predicted pairs are it and a wrong one
        (["a", "a", "b", "b"], ["p", "p", "p", "q"], 1 / 2, 1 / 3),
        # nobody has two records
        (["a", "b"], ["p", "q"], 1.0, 1.0),
    ],
)
def test_accuracy_by_hand(
    customers: list[str], persons: list[str], precision: float, recall: float
) -> None:
    found = pairwise_accuracy(records(customers, "customer_id"), records(persons, "person_id"))
    assert (found.precision, found.recall) == (pytest.approx(precision), pytest.approx(recall))


def test_accuracy_equals_listing_the_pairs() -> None:
    rng = np.random.default_rng(3)
    persons = rng.integers(0, 40, 120).tolist()
    customers = [p if rng.random() < 0.8 else int(rng.integers(0, 60)) for p in persons]
    found = pairwise_accuracy(records(customers, "customer_id"), records(persons, "person_id"))
    true = {(i, j) for i, j in combinations(range(120), 2) if persons[i] == persons[j]}
    said = {(i, j) for i, j in combinations(range(120), 2) if customers[i] == customers[j]}
    assert (found.true_pairs, found.predicted_pairs) == (len(true), len(said))
    assert found.agreed_pairs == len(true & said)
    assert found.f1 == pytest.approx(2 * len(true & said) / (len(true) + len(said)))


def test_a_record_without_a_customer_counts_as_alone() -> None:
    predicted = records(["a", "a"], "customer_id").iloc[:1]
    found = pairwise_accuracy(predicted, records(["p", "p"], "person_id"))
    assert (found.recall, found.missing_records) == (0.0, 1)


def test_a_record_unknown_to_the_truth_is_left_out() -> None:
    found = pairwise_accuracy(records(["a", "a", "a"], "customer_id"), records(["p"], "person_id"))
    assert (found.precision, found.unknown_records, found.predicted_pairs) == (1.0, 2, 0)


def test_a_repeated_record_is_refused() -> None:
    twice = pd.concat([records(["a"], "customer_id")] * 2)
    with pytest.raises(ValueError, match="more than one row"):
        pairwise_accuracy(twice, records(["p"], "person_id"))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="customer_id"):
        pairwise_accuracy(records(["a"], "cluster"), records(["p"], "person_id"))
