"""The contest between model and rule on a window that neither had seen.

Belongs here: metrics of predicted value, who wins.
Does not belong here: predictions (model, rules); metrics shared with other predictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import (
    EVALUATION_COLUMNS,
    evaluation_rows,
    gain_share,
    lift_top_decile,
)
from orchestration.analysis.lifetime.model import LifetimeModel
from orchestration.analysis.lifetime.rules import (
    OWN_PAST,
    RULE_NAMES,
    rule_purchases,
    rule_value,
)

MODEL_NAME = "lifetime_value"
#: Means of the customers of one tenth: what they spent, and what was said of it before.
TENTH_COLUMNS = ("actual", "model", "rule")


@dataclass
class Grade:
    """Outcome of the contest.

    Attributes:
        rule_name: The better rule; served when the model is not.
        serves_model: Whether the model won.
        rows: EVALUATION_COLUMNS; empty when nothing could be graded.
        uses_signs: Whether other signs of life made the model better.
        tenths: TENTH_COLUMNS, customers in tenths by what the model said; empty likewise.
        notes: Plain sentences.
    """

    rule_name: str = OWN_PAST
    serves_model: bool = False
    uses_signs: bool = False
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*EVALUATION_COLUMNS]))
    tenths: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*TENTH_COLUMNS]))
    notes: list[str] = field(default_factory=list)


def grade(
    model: LifetimeModel,
    features: pd.DataFrame,
    later: pd.DataFrame,
    *,
    evaluation_date: date,
    window_days: int,
    history_days: int,
    min_win_share: float,
    max_aggregate_error: float,
    seed: int,
) -> Grade:
    """Compare what model and rules said on a day with what customers then did.

    The model is served when its root mean squared error in money is below the better rule's, stays
    below in min_win_share of bootstrap resamples of the customers, and its total is no further off
    than the rule's or than max_aggregate_error. The squared error is the one that is least for the
    expected value, which is what clv_12m claims to be; the absolute error is least for the median,
    which is nothing at all for most customers.

    Args:
        model: Fitted on facts up to evaluation_date.
        features: Rows of customer_features as of evaluation_date.
        later: purchase_day_count and net_spend at the end of the window, indexed like `features`.
        evaluation_date: The day of the predictions.
        window_days: Length of the window that followed.
        history_days: Days from the company's first order to evaluation_date.
        min_win_share: See above, 0..1.
        max_aggregate_error: See above, relative.
        seed: Seed of the resampling.

    Returns:
        The grade.
    """
    bought = (later["purchase_day_count"] - features["purchase_day_count"]).to_numpy(dtype=float)
    spent = (later["net_spend"] - features["net_spend"]).to_numpy(dtype=float)
    predicted = model.predict(features, window_days)
    value = predicted["value"].to_numpy()
    lengths = {"horizon_days": window_days, "history_days": history_days}
    by_rule = {name: rule_value(features, name, **lengths) for name in RULE_NAMES}
    errors = {name: rmse(spent, said) for name, said in by_rule.items()}
    rule_name = min(RULE_NAMES, key=lambda name: errors[name])
    rule = by_rule[rule_name]
    share = lower_error_share(spent, value, rule, seed=seed)
    inside = (predicted["low"].to_numpy() <= spent) & (spent <= predicted["high"].to_numpy())
    shared = {
        "customer_count": float(len(spent)),
        "window_days": float(window_days),
        "mean_actual": float(spent.mean()),
    }
    purchases = predicted["expected_purchases"].to_numpy()
    past_purchases = rule_purchases(features, **lengths)
    model_metrics = {
        **shared,
        **value_metrics(spent, value),
        **_purchase_metrics(bought, purchases),
        "interval_coverage": float(inside.mean()),
        "win_share": share,
    }
    rule_metrics = {
        **shared,
        **value_metrics(spent, rule),
        **_purchase_metrics(bought, past_purchases),
        "win_share": 1.0 - share,
    }
    serves_model = _wins(model_metrics, rule_metrics, min_win_share, max_aggregate_error)
    outcome = Grade(rule_name, serves_model)
    outcome.rows = evaluation_rows(
        model=MODEL_NAME,
        as_of_date=evaluation_date,
        model_metrics=model_metrics,
        baseline_metrics=rule_metrics,
        baseline_name=rule_name,
        served="model" if serves_model else "baseline",
    )
    outcome.tenths = _tenths(spent, value, rule)
    ours, theirs = model_metrics, rule_metrics
    outcome.notes.append(
        f"{window_days} days after {evaluation_date}: RMSE {ours['rmse']:.2f} against "
        f"{theirs['rmse']:.2f} ({rule_name}), lower in {share:.0%} of resamples; total off by "
        f"{ours['aggregate_error']:+.1%} against {theirs['aggregate_error']:+.1%}; "
        f"the top tenth holds {ours['top_decile_capture']:.1%} of the money against "
        f"{theirs['top_decile_capture']:.1%}; {inside.mean():.1%} inside of their interval: "
        f"{'model' if serves_model else 'rule'} wins."
    )
    return outcome


def _tenths(spent: np.ndarray, value: np.ndarray, rule: np.ndarray) -> pd.DataFrame:
    """Mean spend, and what model and rule said, in tenths by the model's value, highest first."""
    frame = pd.DataFrame(dict(zip(TENTH_COLUMNS, (spent, value, rule), strict=True)))
    order = np.argsort(-value, kind="stable")
    tenth = np.empty(len(value), dtype=int)
    tenth[order] = np.arange(len(value)) * 10 // len(value) + 1
    return frame.groupby(tenth).mean()


def value_metrics(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Grade predicted money, both (n,) with n >= 1.

    Returns:
        rmse, mae, aggregate_error (relative, positive when too much was predicted; NaN when
        nothing was spent), top_decile_capture (share of all money that the tenth predicted highest
        spent), mean_predicted.
    """
    total = float(actual.sum())
    tenth = max(len(actual) / 10, 1.0) / len(actual)
    known = total > 0
    return {
        "rmse": rmse(actual, predicted),
        "mae": float(np.abs(predicted - actual).mean()),
        "aggregate_error": float(predicted.sum() / total - 1) if known else float("nan"),
        "top_decile_capture": lift_top_decile(actual, predicted) * tenth if known else float("nan"),
        "mean_predicted": float(predicted.mean()),
    }


def rmse(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared error."""
    return float(np.sqrt(((predicted - actual) ** 2).mean()))


def lower_error_share(
    actual: np.ndarray,
    challenger: np.ndarray,
    incumbent: np.ndarray,
    *,
    seed: int,
) -> float:
    """Share of resamples of the customers in which the challenger's squared error is lower."""
    return gain_share((incumbent - actual) ** 2 - (challenger - actual) ** 2, seed=seed)


def _purchase_metrics(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    total = float(actual.sum())
    return {
        "orders_rmse": rmse(actual, predicted),
        "orders_aggregate_error": float(predicted.sum() / total - 1) if total else float("nan"),
    }


def _wins(
    model: Mapping[str, float],
    rule: Mapping[str, float],
    min_win_share: float,
    max_aggregate_error: float,
) -> bool:
    allowed = max(abs(rule["aggregate_error"]), max_aggregate_error)
    return (
        model["rmse"] < rule["rmse"]
        and model["win_share"] >= min_win_share
        and abs(model["aggregate_error"]) <= allowed
    )
