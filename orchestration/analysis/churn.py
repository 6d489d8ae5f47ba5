"""Churn of customers without a contract: who will not order within the horizon.

Belongs here: what makes churn a question of its own: who is asked, its rules, its words, its bands.
Does not belong here: learning, grading and scoring (propensity/).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from orchestration.analysis.propensity import PropensityArtefact, Rule, Target, Wording

# Scoring people who left years ago flatters every metric and helps nobody.
ELIGIBILITY_DAYS = 365
MEDIUM_FROM = 0.4
HIGH_FROM = 0.7

RULES = (
    Rule("recency", "recency", "days_since_last_order", 1),
    Rule("frequency", "frequency", "order_count_365d", -1),
    Rule("rhythm", "rhythm", "silence_ratio", 1, instead="days_since_last_order"),
    Rule("bg_nbd", "rhythm", "expected_orders", -1),
)
# Only the two directions that hold for any retailer are imposed. Windows nested in the year
# (30, 90, 180 days) are free: given the year, recent orders may mean a restocked cupboard.
MONOTONE = {"days_since_last_order": 1, "order_count_365d": -1}
WORDING = Wording(
    raises=(" (raises risk)", "（推高风险）"),
    lowers=(" (lowers risk)", "（降低风险）"),
    average=(
        "Too little history for a personal score: average churn rate",
        "历史数据不足，暂按平均流失率估计",
    ),
)


def churn_target(horizon_days: int) -> Target:
    """No valid order in the days that follow."""
    return Target(
        name="churn",
        horizon_days=horizon_days,
        rules=RULES,
        is_absence=True,
        monotone=MONOTONE,
        wording=WORDING,
    )


def expected_orders_of(
    snapshot: pd.DataFrame, horizon_days: int
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The classic rule's column: orders that BG/NBD expects within the horizon.

    A probability alive would not do: it is 1 for whoever bought once.

    Args:
        snapshot: Rows of `customer_features` of one day, from which the process is learnt.
        horizon_days: Days to look ahead.

    Returns:
        A function that adds `expected_orders` to rows of any day.
    """
    from orchestration.analysis.lifetime.fitting import fit_process
    from orchestration.analysis.lifetime.histories import histories_of

    process = fit_process(histories_of(snapshot)[0], leaves_after_first=False).process

    def add(rows: pd.DataFrame) -> pd.DataFrame:
        histories, position = histories_of(rows)
        expected = process.expected_purchases(histories, horizon_days)
        return rows.assign(expected_orders=np.round(expected, 6)[position])

    return add


def churn_scores(artefact: PropensityArtefact, scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of the question as rows of `customer_churn_score`.

    Args:
        artefact: What was served.
        scores: Output of `propensity.score`.

    Returns:
        The scores with churn_probability, horizon_days, risk_band, model_version, served_by.
    """
    named = scores.rename(columns={"probability": "churn_probability"})
    return named.assign(
        horizon_days=artefact.target.horizon_days,
        risk_band=risk_band(named["churn_probability"].to_numpy(dtype=float)),
        model_version=artefact.model_version,
        served_by=artefact.served_by,
    )


def risk_band(probability: np.ndarray) -> np.ndarray:
    """'low' below MEDIUM_FROM, 'high' from HIGH_FROM on, 'medium' between; object (n,)."""
    bands = [probability >= HIGH_FROM, probability >= MEDIUM_FROM]
    return np.select(bands, ["high", "medium"], "low").astype(object)
