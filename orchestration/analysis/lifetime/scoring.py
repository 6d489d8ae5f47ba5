"""Fit, grade, decide who is served, and score: the lifetime step as one function.

Belongs here: the order of events and the decision between model and rule.
Does not belong here: processes, rules, metrics, files; each has its module beside this.

The order of events, every date a month-end but the last:

    .. E               fit on facts up to E (the pace from a window that ended at E)
    E .. observed      grade: model and rules on customers of E
    .. as_of           fit again on everything
    as_of              value everybody who has ever bought, by whichever won
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.lifetime.artefact import LifetimeArtefact
from orchestration.analysis.lifetime.grading import MODEL_NAME, Grade, grade, lower_error_share
from orchestration.analysis.lifetime.model import LifetimeModel, fit_lifetime
from orchestration.analysis.lifetime.rules import YEAR_DAYS, rule_purchases, rule_value
from orchestration.analysis.lifetime.windows import Windows
from orchestration.analysis.sampling import hashed_sample, key_hashes

FEATURES = (
    "purchase_day_count",
    "purchase_day_count_365d",
    "days_first_to_last_order",
    "days_since_first_order",
    "net_spend",
    "net_spend_365d",
)
SCORE_COLUMNS = (
    "customer_id",
    "as_of_date",
    "probability_alive",
    "expected_orders_12m",
    "expected_order_value",
    "clv_12m",
    "clv_low",
    "clv_high",
    "model_version",
    "served_by",
)
LIBRARIES = ("numpy", "scipy", "pandas")


@dataclass(frozen=True)
class LifetimeConfig:
    """Settings of the lifetime step.

    Attributes:
        horizon_days: Days that clv_12m and expected_orders_12m look ahead.
        min_evaluation_customers: Customers without which nothing is graded.
        min_evaluation_buyers: Of them, those who bought in the window.
        min_win_share: Share of bootstrap resamples in which the model must be ahead.
        max_aggregate_error: How far the model's total may be off even where the rule's is closer.
        max_customers: Customers that are learnt from and graded on at most.
        score_batch_rows: Customers scored at once; bounds memory.
    """

    horizon_days: int = YEAR_DAYS
    min_evaluation_customers: int = 100
    min_evaluation_buyers: int = 30
    min_win_share: float = 0.9
    max_aggregate_error: float = 0.1
    max_customers: int = 50_000
    score_batch_rows: int = 200_000


@dataclass(frozen=True)
class LifetimeResult:
    """What the lifetime step returns.

    Attributes:
        scores: SCORE_COLUMNS, one row per customer with a valid order, sorted by customer_id.
        evaluation: EVALUATION_COLUMNS; empty when nothing could be graded.
        artefact: What was served, ready to be saved; None when nobody has ever bought.
        notes: Plain sentences on what was decided and why, in order.
        tenths: What was said and what came of it, see Grade.
    """

    scores: pd.DataFrame
    evaluation: pd.DataFrame
    artefact: LifetimeArtefact | None
    notes: tuple[str, ...]
    tenths: pd.DataFrame

    @property
    def served_by(self) -> str:
        """'model' or 'baseline'."""
        return self.artefact.served_by if self.artefact else "baseline"


def train_and_score(
    past: pd.DataFrame,
    current: pd.DataFrame,
    windows: Windows,
    *,
    as_of_date: date,
    seed: int = 7,
    config: LifetimeConfig | None = None,
) -> LifetimeResult:
    """Learn from all that was bought, grade on the newest window, and value today's customers.

    Args:
        past: customer_id, as_of_date and FEATURES of customers with a valid order, on the days
            of `windows`; those of sample_customers(current) are enough.
        current: customer_id and FEATURES of every customer with a valid order by as_of_date.
        windows: Output of plan_windows.
        as_of_date: The day to value.
        seed: Seed of the bootstrap.
        config: Settings; None takes the defaults.

    Returns:
        Scores, evaluation and artefact. Too little data never fails: the rule is served, and the
        notes say so.

    Raises:
        ValueError: A column is missing.
    """
    # optimisers work on a dozen numbers; threads would only wait for each other, by spinning
    with threadpool_limits(limits=1):
        return _train_and_score(
            past, current, windows, as_of_date, seed, config or LifetimeConfig()
        )


def _train_and_score(
    past: pd.DataFrame,
    current: pd.DataFrame,
    windows: Windows,
    as_of_date: date,
    seed: int,
    config: LifetimeConfig,
) -> LifetimeResult:
    for frame in (past, current):
        missing = [name for name in ("customer_id", *FEATURES) if name not in frame]
        if missing:
            raise ValueError(f"customer_features lacks {missing}; has {sorted(frame)}")
    if current.empty:
        note = f"Nobody had bought anything by {as_of_date}."
        empty = pd.DataFrame(columns=[*SCORE_COLUMNS])
        return LifetimeResult(empty, Grade().rows, None, (note,), Grade().tenths)

    # sums differ in their last digits with the order of rows, and parameters follow them
    learnt = sample_customers(current, config).sort_values("customer_id")
    kept = past[past["customer_id"].isin(learnt["customer_id"])].sort_values("customer_id")
    by_date = {
        pd.Timestamp(day).date(): rows.set_index("customer_id")
        for day, rows in kept.groupby("as_of_date")
    }
    history_days = int(current["days_since_first_order"].max())
    outcome = grade_latest(
        by_date,
        windows,
        history_days=history_days,
        as_of_date=as_of_date,
        seed=seed,
        config=config,
    )
    model = _fit(
        learnt.set_index("customer_id"), by_date, windows.pace_date, windows.observed_until
    )
    if not outcome.uses_signs:
        model = replace(model, signs=None)
    artefact = _artefact(
        model, outcome, current, history_days=history_days, as_of_date=as_of_date, seed=seed,
        config=config, customers=len(learnt),
    )  # fmt: skip
    scores = score_customers(artefact, current, as_of_date=as_of_date, config=config)
    return LifetimeResult(scores, outcome.rows, artefact, artefact.notes, outcome.tenths)


def grade_latest(
    by_date: dict[date, pd.DataFrame],
    windows: Windows,
    *,
    history_days: int,
    as_of_date: date,
    seed: int,
    config: LifetimeConfig,
) -> Grade:
    """Contest on the newest complete window.

    Args:
        by_date: Day → FEATURES, indexed by customer_id.
        windows: Output of plan_windows.
        history_days: Days from the company's first order to as_of_date.
        as_of_date: The day that is valued.
        seed: Seed of the bootstrap.
        config: Settings.

    Returns:
        The grade; without a window, or with too few customers in it, the rule wins unheard.
    """
    outcome = Grade()
    start, end = windows.evaluation_date, windows.observed_until
    if start is None or end is None:
        outcome.notes.append(
            "History is shorter than twice a quarter: nothing can be graded and the rule is served."
        )
        return outcome
    features = by_date.get(start, pd.DataFrame(columns=[*FEATURES]))
    later = by_date.get(end, features[:0]).reindex(features.index)
    buyers = int((later["purchase_day_count"] > features["purchase_day_count"]).sum())
    if len(features) < config.min_evaluation_customers or buyers < config.min_evaluation_buyers:
        outcome.notes.append(
            f"Of {len(features)} customers of {start}, {buyers} bought by {end}; grading needs "
            f"{config.min_evaluation_customers} and {config.min_evaluation_buyers}. "
            "The rule is served."
        )
        return outcome
    model = _fit(features, by_date, windows.evaluation_pace_date, start)
    model, share = _with_signs_or_without(model, features, later, (end - start).days, seed, config)
    outcome = grade(
        model,
        features,
        later,
        evaluation_date=start,
        window_days=(end - start).days,
        history_days=history_days - (as_of_date - start).days,
        min_win_share=config.min_win_share,
        max_aggregate_error=config.max_aggregate_error,
        seed=seed,
    )
    outcome.uses_signs = model.signs is not None
    outcome.notes = [*(f"Graded: {note}" for note in model.notes), *outcome.notes]
    if share is not None:
        outcome.notes.append(
            f"Visits and late orders make the error smaller in {share:.0%} of resamples: they are "
            f"{'' if outcome.uses_signs else 'not '}used."
        )
    return outcome


def _with_signs_or_without(
    model: LifetimeModel,
    features: pd.DataFrame,
    later: pd.DataFrame,
    window_days: int,
    seed: int,
    config: LifetimeConfig,
) -> tuple[LifetimeModel, float | None]:
    """The model with other signs of life where they clearly help, and how often they did."""
    if model.signs is None:
        return model, None
    plain = replace(model, signs=None)
    spent = (later["net_spend"] - features["net_spend"]).to_numpy(dtype=float)
    said, without = (
        one.predict(features, window_days)["value"].to_numpy() for one in (model, plain)
    )
    share = lower_error_share(spent, said, without, seed=seed)
    return (model if share >= config.min_win_share else plain), share


def score_customers(
    artefact: LifetimeArtefact,
    current: pd.DataFrame,
    *,
    as_of_date: date,
    config: LifetimeConfig | None = None,
) -> pd.DataFrame:
    """Value customers with what is served, in batches.

    Where the rule is served it says expected_orders_12m and clv_12m. Probability alive and the
    interval come from the model in either case, as no rule has any; the interval is widened where
    it does not hold what the rule says.

    Args:
        artefact: Output of train_and_score or load_model.
        current: customer_id and FEATURES of customers with a valid order.
        as_of_date: Stamped on each row.
        config: Settings; None takes the defaults.

    Returns:
        SCORE_COLUMNS, sorted by customer_id.
    """
    config = config or LifetimeConfig()
    current = current.sort_values("customer_id", kind="stable", ignore_index=True)
    parts = []
    for start in range(0, len(current), config.score_batch_rows):
        batch = current.iloc[start : start + config.score_batch_rows]
        parts.append(_score_batch(artefact, batch, as_of_date, config.horizon_days))
    if not parts:
        return pd.DataFrame(columns=[*SCORE_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def _score_batch(
    artefact: LifetimeArtefact, batch: pd.DataFrame, as_of_date: date, horizon_days: int
) -> pd.DataFrame:
    model = LifetimeModel(artefact.process, artefact.spend, artefact.pace, artefact.signs)
    said = model.predict(batch, horizon_days)
    if artefact.served_by == "baseline":
        lengths = {"horizon_days": horizon_days, "history_days": artefact.history_days}
        value = rule_value(batch, artefact.rule_name, mean_spend=artefact.mean_spend, **lengths)
        said = said.assign(
            value=value,
            expected_purchases=rule_purchases(batch, **lengths),
            low=np.minimum(said["low"], value),
            high=np.maximum(said["high"], value),
        )
    return pd.DataFrame(
        {
            "customer_id": batch["customer_id"],
            "as_of_date": as_of_date,
            "probability_alive": said["probability_alive"].round(6),
            "expected_orders_12m": said["expected_purchases"].round(4),
            "expected_order_value": said["expected_spend"].round(2),
            "clv_12m": said["value"].round(2),
            "clv_low": said["low"].round(2),
            "clv_high": said["high"].round(2),
            "model_version": artefact.model_version,
            "served_by": artefact.served_by,
        },
        columns=[*SCORE_COLUMNS],
    )


def sample_customers(current: pd.DataFrame, config: LifetimeConfig | None = None) -> pd.DataFrame:
    """The customers that are learnt from: the same people on every day, whoever else there is.

    Args:
        current: Rows with customer_id, one per customer.
        config: Settings; None takes the defaults.

    Returns:
        At most max_customers of the rows.
    """
    config = config or LifetimeConfig()
    hashes = key_hashes(current["customer_id"].to_numpy())
    return current.iloc[hashed_sample(hashes, config.max_customers)]


def _fit(
    features: pd.DataFrame,
    by_date: dict[date, pd.DataFrame],
    pace_date: date | None,
    end: date | None,
) -> LifetimeModel:
    earlier = by_date.get(pace_date) if pace_date else None
    if earlier is None or end is None:
        return fit_lifetime(features)
    later = by_date[end].reindex(earlier.index)
    return fit_lifetime(features, earlier=earlier, later=later, window_days=(end - pace_date).days)


def _artefact(
    model: LifetimeModel,
    outcome: Grade,
    current: pd.DataFrame,
    *,
    history_days: int,
    as_of_date: date,
    seed: int,
    config: LifetimeConfig,
    customers: int,
) -> LifetimeArtefact:
    served_by = "model" if outcome.serves_model else "baseline"
    settings = {"config": asdict(config), "seed": seed, "versions": library_versions(LIBRARIES)}
    notes = [*outcome.notes, *model.notes]
    if not outcome.serves_model:
        notes.append(f"The {outcome.rule_name} rule is served.")
    kept = {
        "process": asdict(model.process),
        "spend": asdict(model.spend),
        "pace": model.pace,
        "signs": model.signs and asdict(model.signs),
        "served_by": served_by,
        "rule_name": outcome.rule_name,
        "mean_spend": round(float(current["net_spend_365d"].astype(float).mean()), 4),
        "history_days": history_days,
    }
    text = json.dumps({**kept, **settings}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return LifetimeArtefact(
        **{**kept, "process": model.process, "spend": model.spend, "signs": model.signs},
        model_version=f"{MODEL_NAME}-{digest}",
        trained_until=as_of_date,
        customers=customers,
        metrics=_records(outcome.rows[["metric", "as_of_date", "model_value", "baseline_value"]]),
        settings=settings,
        notes=tuple(notes),
    )


def _records(rows: pd.DataFrame) -> list[dict]:
    """Rows as JSON can hold them: None for a value that does not exist."""
    return rows.astype(object).where(rows.notna(), None).to_dict("records")
