"""Which order of articles is served: graded on invented readers whose tastes are known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.evaluation import EVALUATION_COLUMNS
from orchestration.analysis.recommendation import CONTENT_COLUMNS, choose_content_order

DAYS = (date(2025, 9, 30), date(2025, 10, 31), date(2025, 11, 30))
PIECES = 12


def readers(*, taste: float, count: int = 120, seed: int = 1) -> pd.DataFrame:
    """Candidates of readers who open the piece of highest appeal with chance `taste`, else any."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in DAYS:
        for number in range(count):
            places = {
                name: rng.permutation(PIECES) + 1
                for name in ("appeal_place", "popularity_place", "newest_place")
            }
            opened = np.where(rng.random() < taste, places["appeal_place"] == 1, False)
            if not opened.any():
                opened = np.arange(PIECES) == rng.integers(PIECES)
            parts.append(
                pd.DataFrame(
                    {
                        "as_of_date": day,
                        "customer_id": f"c{number}",
                        **places,
                        "is_read": opened,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def test_tastes_that_show_are_served_and_graded_beside_the_rules() -> None:
    choice = choose_content_order(readers(taste=0.6))
    assert (choice.order, choice.served_by) == ("appeal", "model")
    assert list(choice.evaluation.columns) == list(EVALUATION_COLUMNS)
    grades = choice.evaluation[choice.evaluation["metric"] == "recall_at_3"]
    assert list(grades["as_of_date"]) == list(DAYS)
    # 0.6 and a quarter of the rest, beside a quarter
    assert grades["model_value"].mean() == pytest.approx(0.7, abs=0.05)
    assert grades["baseline_value"].mean() == pytest.approx(0.25, abs=0.06)
    assert set(choice.evaluation["served"]) == {"model"}


def test_where_tastes_do_not_show_a_rule_is_served() -> None:
    served = [choose_content_order(readers(taste=0.0, seed=seed)).served_by for seed in range(8)]
    # luck alone passes one time in twenty
    assert served.count("model") <= 1


def test_a_newest_month_that_tells_otherwise_decides() -> None:
    candidates = readers(taste=0.6)
    turned = candidates["as_of_date"] == DAYS[-1]
    candidates.loc[turned, "appeal_place"] = PIECES + 1 - candidates.loc[turned, "appeal_place"]
    assert choose_content_order(candidates).served_by == "baseline"


def test_nothing_to_judge_by_is_said_and_popularity_is_served() -> None:
    for candidates in (
        pd.DataFrame(columns=list(CONTENT_COLUMNS)),
        readers(taste=0.6, count=10),
    ):
        choice = choose_content_order(candidates)
        assert (choice.order, choice.served_by) == ("popularity", "baseline")
        assert choice.evaluation.empty
        assert "no date has 50 customers" in choice.notes[0]


def test_order_of_rows_changes_nothing_and_a_missing_column_is_named() -> None:
    candidates = readers(taste=0.3)
    shuffled = candidates.sample(frac=1, random_state=3)
    first, second = choose_content_order(candidates), choose_content_order(shuffled)
    pd.testing.assert_frame_equal(first.evaluation, second.evaluation)
    assert first.model_version == second.model_version
    with pytest.raises(ValueError, match="is_read"):
        choose_content_order(candidates.drop(columns="is_read"))
