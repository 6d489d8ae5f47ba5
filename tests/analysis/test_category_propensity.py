"""Categories next bought from: the estimate for those never met, rankings and their grades."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.category_propensity import (
    fit_first_purchases,
    grade_ranking,
    recall_at,
)


def outcomes(rows: list[tuple], day: pd.Timestamp | None = None) -> pd.DataFrame:
    columns = ["customer_id", "band", "category", "has_met"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(as_of_date=day or pd.Timestamp("2025-10-31"))


def test_first_purchases_follow_activity_and_category_and_shrink() -> None:
    rows = [(f"idle{n}", 0, None, False) for n in range(400)]
    rows += [(f"busy{n}", 4, "tea" if n % 4 else "lamps", False) for n in range(400)]
    rows += [("busy0", 4, "cups", True)]  # had met it: no first purchase
    rates = fit_first_purchases(outcomes(rows), ["cups", "lamps", "tea"])
    assert rates.rate_by_band[4] > 0.9 > 0.1 > rates.rate_by_band[0] > 0
    # nobody of that band was asked about: everybody's mean
    assert rates.rate_by_band[2] == pytest.approx(0.5)
    assert rates.share_by_category["tea"] > rates.share_by_category["lamps"]
    assert 0 < rates.share_by_category["cups"] < 0.01
    assert sum(rates.share_by_category.values()) == pytest.approx(1.0)
    probability = rates.probability(np.array([4, 4, 0]), np.array(["tea", "cups", "tea"]))
    assert 1 > probability[0] > probability[2] > probability[1] > 0


def test_first_purchases_of_nobody_are_impossible_not_an_error() -> None:
    rates = fit_first_purchases(outcomes([]), ["tea"])
    assert rates.probability(np.array([0]), np.array(["tea"])) == pytest.approx(0.0)


def test_recall_counts_what_could_stand_among_the_ranks() -> None:
    ranked = pd.DataFrame(
        {"customer_id": ["a"] * 3, "category": ["x", "y", "z"], "rank": [1, 2, 3]}
    )
    bought = pd.DataFrame({"customer_id": ["a", "a", "b"], "category": ["x", "z", "x"]})
    # of two purchases one stands first; b was ranked nothing
    assert list(recall_at(ranked, bought, rank=1)) == [1.0, 0.0]
    assert list(recall_at(ranked, bought, rank=2)) == [0.5, 0.0]


def test_a_ranking_that_knows_beats_both_plain_ones() -> None:
    days = pd.Timestamp("2025-11-30")
    people = [f"c{number}" for number in range(40)]
    judged = pd.DataFrame(
        [
            (person, category, days, probability, count, share)
            for person in people
            for category, probability, count, share in (
                ("tea", 0.9, 1, 0.1),
                ("cups", 0.1, 5, 0.2),
            )
        ],
        columns=[
            "customer_id", "category", "as_of_date", "probability", "bought_count_365d",
            "buyer_share_90d",
        ],
    )  # fmt: skip
    others = [(person, 1, name, False) for person in people for name in ("oil", "rice")]
    bought = outcomes([(person, 1, "tea", True) for person in people], days)
    before = outcomes(others)
    known = pd.concat([before, bought])
    grades = grade_ranking(judged, known, served="model").set_index("metric")
    assert grades.loc["recall_at_3", "model_value"] == 1.0
    assert set(grades["baseline_name"]) == {"own_frequency", "popularity"}
    assert set(grades["as_of_date"]) == {days.date()}
    nobody = outcomes([(person, 1, None, False) for person in people], days)
    assert grade_ranking(judged, pd.concat([before, nobody]), served="model").empty
    # a first year: no window had closed, so customers who do not judge tell the rates
    strangers = outcomes([(f"s{number}", 1, "oil", False) for number in range(40)], days)
    first = grade_ranking(judged, pd.concat([bought, strangers]), served="model")
    assert first.set_index("metric").loc["recall_at_3", "model_value"] == 1.0
