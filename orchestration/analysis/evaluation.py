"""How a prediction is graded: time splits, metrics, calibration and the comparison with a rule.

Belongs here: what every model of the house shares when it is judged. Which snapshots may train and
which may judge, the metrics of a probability, and the rows that `model_eval` keeps.
Does not belong here: features, labels, models or rules of one particular prediction; reading or
writing tables; plots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

CALIBRATION_BINS = 10
EVALUATION_COLUMNS = (
    "model",
    "metric",
    "as_of_date",
    "model_value",
    "baseline_value",
    "baseline_name",
    "served",
)


@dataclass(frozen=True)
class TimeSplit:
    """Which snapshot dates play which part; every label window ends before the next part begins.

    Attributes:
        labelled_dates: Month-ends whose label window has been observed in full, oldest first.
        evaluation_date: The latest of them, which grades; None when nothing is labelled.
        training_dates: Month-ends whose label window ends on or before evaluation_date.
        validation_date: The latest training date, which chooses between candidates.
        inner_training_dates: Training dates whose label window ends on or before validation_date.
    """

    labelled_dates: tuple[date, ...]
    evaluation_date: date | None
    training_dates: tuple[date, ...]
    validation_date: date | None
    inner_training_dates: tuple[date, ...]


def is_month_end(day: date) -> bool:
    """Whether the day is the last of its month."""
    return (day + timedelta(days=1)).day == 1


def split_by_time(
    snapshot_dates: Iterable[date], *, observed_until: date, horizon_days: int
) -> TimeSplit:
    """Assign month-end snapshots to training, validation and evaluation without overlap in time.

    Only month-ends take part: a "current" snapshot left behind by an earlier run must not change
    what is learnt today.

    Args:
        snapshot_dates: As-of dates that have features, any order, repeats allowed.
        observed_until: Last day whose facts are complete; a label window must end by then.
        horizon_days: Length of the label window (snapshot, snapshot + horizon], >= 1.

    Returns:
        The split; parts that cannot be filled are empty or None.

    Raises:
        ValueError: horizon_days is less than 1.
    """
    if horizon_days < 1:
        raise ValueError(f"horizon_days must be at least 1 day, got {horizon_days}")
    horizon = timedelta(days=horizon_days)
    month_ends = sorted({day for day in snapshot_dates if is_month_end(day)})

    def closed_by(days: Iterable[date], limit: date | None) -> tuple[date, ...]:
        return tuple(day for day in days if limit is not None and day + horizon <= limit)

    labelled = closed_by(month_ends, observed_until)
    evaluation = labelled[-1] if labelled else None
    training = closed_by(labelled, evaluation)
    validation = training[-1] if training else None
    return TimeSplit(labelled, evaluation, training, validation, closed_by(training, validation))


def pr_auc(truth: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Average precision: the area under precision by recall, as a step function.

    Args:
        truth: 0/1, shape (n,), with at least one 1.
        score: Higher means more likely 1, shape (n,); equal scores count as one step.
        weight: Non-negative row weights, shape (n,); None weighs all rows alike.

    Returns:
        Average precision in (0, 1].
    """
    order = np.argsort(-score, kind="stable")
    step_ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    weights = np.ones(len(score)) if weight is None else weight[order]
    return _average_precision(truth[order], weights, step_ends)


def _average_precision(truth: np.ndarray, weight: np.ndarray, step_ends: np.ndarray) -> float:
    hits = np.cumsum(weight * truth)[step_ends]
    seen = np.cumsum(weight)[step_ends]
    gained = np.diff(hits, prepend=0.0)
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    return float((precision * gained).sum() / hits[-1])


def calibration_table(
    truth: np.ndarray, probability: np.ndarray, *, bins: int = CALIBRATION_BINS
) -> pd.DataFrame:
    """Compare predicted with observed rates in bins of equal width.

    Args:
        truth: 0/1, shape (n,).
        probability: Predicted probability of 1, shape (n,), 0..1.
        bins: Number of bins over 0..1.

    Returns:
        One row per non-empty bin: bin (0..bins-1), row_count, mean_predicted, observed_rate.
    """
    # Rounded first: 0.3 must not fall into the bin below on account of its last binary digit.
    numbered = np.minimum(np.floor(np.round(probability * bins, 9)).astype(int), bins - 1)
    frame = pd.DataFrame({"bin": numbered, "truth": truth, "probability": probability})
    return (
        frame.groupby("bin")
        .agg(
            row_count=("truth", "size"),
            mean_predicted=("probability", "mean"),
            observed_rate=("truth", "mean"),
        )
        .reset_index()
    )


def calibration_error(
    truth: np.ndarray, probability: np.ndarray, *, bins: int = CALIBRATION_BINS
) -> float:
    """Expected calibration error: mean gap of predicted and observed rate, weighted by bin size.

    Source: Naeini, Cooper & Hauskrecht (2015), bins of equal width.
    """
    table = calibration_table(truth, probability, bins=bins)
    gaps = (table["mean_predicted"] - table["observed_rate"]).abs()
    return float((gaps * table["row_count"]).sum() / table["row_count"].sum())


def lift_top_decile(truth: np.ndarray, score: np.ndarray) -> float:
    """Share of 1s in the tenth of rows scored highest, over the share in all rows.

    Rows tied at the border enter in proportion, so that row order cannot change the answer.

    Args:
        truth: 0/1, shape (n,), with at least one 1.
        score: Higher means more likely 1, shape (n,).

    Returns:
        Lift; 1.0 is no better than chance.
    """
    size = max(len(score) / 10, 1.0)
    by_score = pd.DataFrame({"score": score, "truth": truth}).groupby("score")["truth"]
    steps = by_score.agg(["size", "sum"]).sort_index(ascending=False)
    before = steps["size"].cumsum() - steps["size"]
    taken = (size - before).clip(lower=0.0, upper=steps["size"])
    hits = (taken * steps["sum"] / steps["size"]).sum()
    return float(hits / size / np.mean(truth))


def probability_metrics(
    truth: np.ndarray, probability: np.ndarray, *, ranking: np.ndarray | None = None
) -> dict[str, float]:
    """Grade one set of predicted probabilities.

    Args:
        truth: 0/1, shape (n,); both values must occur.
        probability: Predicted probability of 1, shape (n,).
        ranking: Finer score for the ranking metrics, shape (n,). A rule ranks by its own raw
            score, because the steps of its isotonic probabilities would cost it ties.

    Returns:
        roc_auc, pr_auc, brier, log_loss, calibration_error, lift_top_decile, mean_predicted.
    """
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    score = probability if ranking is None else ranking
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return {
        "roc_auc": float(roc_auc_score(truth, score)),
        "pr_auc": pr_auc(truth, score),
        "brier": float(brier_score_loss(truth, probability)),
        "log_loss": float(log_loss(truth, clipped)),
        "calibration_error": calibration_error(truth, probability),
        "lift_top_decile": lift_top_decile(truth, score),
        "mean_predicted": float(np.mean(probability)),
    }


def win_share(
    truth: np.ndarray,
    challenger: np.ndarray,
    incumbent: np.ndarray,
    *,
    customers: np.ndarray | None = None,
    seed: int,
    rounds: int = 200,
    max_rows: int = 20_000,
) -> float:
    """Share of bootstrap resamples in which the challenger has the higher PR-AUC.

    On noise two scores differ by luck; a win that half of the resamples revoke is none.

    Args:
        truth: 0/1, shape (n,), in a fixed order.
        challenger: Score to be judged, shape (n,).
        incumbent: Score to beat, shape (n,).
        customers: Number of each row's customer, 0.., shape (n,): what is said of one customer goes
            together and is drawn together. None where each row is another customer.
        seed: Seed of the resampling.
        rounds: Number of resamples.
        max_rows: Rows used at most; a seeded draw bounds time and memory.

    Returns:
        0..1; draws count half.

    Source: Efron & Tibshirani (1993), paired bootstrap.
    """
    generator = np.random.default_rng(seed)
    if customers is None:
        customers = np.arange(len(truth))
    count = int(customers.max()) + 1
    if len(truth) > max_rows:
        size = count * max_rows // len(truth)
        chosen = np.sort(generator.choice(count, size=size, replace=False))
        kept = np.isin(customers, chosen)
        truth, challenger, incumbent = truth[kept], challenger[kept], incumbent[kept]
        customers, count = np.searchsorted(chosen, customers[kept]), size
    if truth.sum() == 0:
        return 0.0
    prepared = []
    for score in (challenger, incumbent):
        order = np.argsort(-score, kind="stable")
        step_ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
        prepared.append((order, truth[order], step_ends))
    wins = 0.0
    for _ in range(rounds):
        drawn = generator.integers(0, count, size=count)
        weight = np.bincount(drawn, minlength=count)[customers].astype(float)
        if (weight * truth).sum() == 0:
            wins += 0.5
            continue
        ahead, behind = (
            _average_precision(ordered, weight[order], ends) for order, ordered, ends in prepared
        )
        wins += float(ahead > behind) + 0.5 * float(ahead == behind)
    return wins / rounds


def gain_share(gain: np.ndarray, *, seed: int, rounds: int = 500) -> float:
    """Share of bootstrap resamples in which the gains add up to more than nothing.

    A few units make most of a sum; a win that rests on one of them does not last.

    Args:
        gain: What the challenger does better in each unit that is drawn as one, shape (n,).
        seed: Seed of the resampling.
        rounds: Number of resamples.

    Returns:
        0..1; draws count half, and so does what only the last digits tell apart.

    Source: Efron & Tibshirani (1993), paired bootstrap.
    """
    generator = np.random.default_rng(seed)
    sums = np.array(
        [gain[generator.integers(0, len(gain), len(gain))].sum() for _ in range(rounds)]
    ).round(9)
    return float(((sums > 0) + 0.5 * (sums == 0)).mean())


def evaluation_rows(
    *,
    model: str,
    as_of_date: date,
    model_metrics: Mapping[str, float],
    baseline_metrics: Mapping[str, float],
    baseline_name: str,
    served: str,
) -> pd.DataFrame:
    """Lay the metrics of a model and of its baseline side by side, as `model_eval` keeps them.

    Args:
        model: Name of the prediction, e.g. 'churn'.
        as_of_date: The evaluation snapshot.
        model_metrics: Metric → value of the model; empty when none could be trained.
        baseline_metrics: Metric → value of the rule.
        baseline_name: Which rule it was.
        served: 'model' or 'baseline'.

    Returns:
        EVALUATION_COLUMNS, one row per metric; a value that does not exist is NaN.
    """
    metrics = list(dict.fromkeys([*model_metrics, *baseline_metrics]))
    return pd.DataFrame(
        {
            "model": model,
            "metric": metrics,
            "as_of_date": [as_of_date] * len(metrics),
            "model_value": [float(model_metrics.get(name, np.nan)) for name in metrics],
            "baseline_value": [float(baseline_metrics.get(name, np.nan)) for name in metrics],
            "baseline_name": baseline_name,
            "served": served,
        },
        columns=list(EVALUATION_COLUMNS),
    )
