"""Train, grade, decide who is served, and score: the churn step as one function.

Belongs here: the order of events and the decisions between model and rule.
Does not belong here: estimators, rules, labels, wording, files; each has its module beside this.

The order of events, with h the horizon and every date a month-end:

    T .. T+h <= E            train: fit the rules and the candidates (V, the latest T, chooses)
    E .. E+h <= observed     grade: model and best rule on customers of E
    all closed snapshots     refit whichever won
    as_of                    score every eligible customer
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.churn.artefact import ChurnArtefact
from orchestration.analysis.churn.features import available_features, feature_matrix
from orchestration.analysis.churn.model import (
    BOOSTING_PARAMETERS,
    CANDIDATES,
    LOGISTIC_PARAMETERS,
    ChurnModel,
    fit_members,
    fit_model,
    mean_log_odds,
)
from orchestration.analysis.churn.reasons import REASON_COUNT, explain
from orchestration.analysis.churn.rules import (
    RULE_NAMES,
    RuleModel,
    constant_rule,
    fit_rule,
    rule_score,
    usual_gap_days,
)
from orchestration.analysis.churn.training_frame import (
    build_training_frame,
    customer_hash,
    is_eligible,
    sample_customers,
    snapshots_until,
)
from orchestration.analysis.evaluation import (
    EVALUATION_COLUMNS,
    TimeSplit,
    evaluation_rows,
    pr_auc,
    probability_metrics,
    split_by_time,
    win_share,
)

MODEL_NAME = "churn"
LIBRARIES = ("numpy", "pandas", "scikit-learn")
SCORE_COLUMNS = (
    "customer_id",
    "as_of_date",
    "churn_probability",
    "horizon_days",
    "risk_band",
    *(f"reason_{rank}" for rank in range(1, REASON_COUNT + 1)),
    *(f"reason_{rank}_zh" for rank in range(1, REASON_COUNT + 1)),
    *(f"reason_{rank}_code" for rank in range(1, REASON_COUNT + 1)),
    "model_version",
    "served_by",
)


@dataclass(frozen=True)
class ChurnConfig:
    """Settings of the churn step.

    Attributes:
        eligibility_days: Customers whose last valid order is older are not asked about.
        medium_from: Probability at which risk_band turns from 'low' to 'medium'.
        high_from: Probability at which it turns from 'medium' to 'high'.
        min_class_count: Distinct customers who left, and who stayed, without which no model is
            trained.
        min_rule_class_count: The same for a rule's probabilities; below it a constant is served.
        min_evaluation_class_count: Customers of each kind needed to grade at all.
        min_win_share: Share of bootstrap resamples of the evaluation customers in which the model
            must be ahead; 0.5 would serve it on a coin's toss.
        max_training_snapshots: Most recent labelled month-ends that train: a year sees each
            season once.
        max_training_rows: Rows that train at most; whole customers are left out beyond it.
        calibration_folds: Customer folds of the cross-fitted calibration.
        score_batch_rows: Customers scored at once; bounds memory.
    """

    eligibility_days: int = 365
    medium_from: float = 0.4
    high_from: float = 0.7
    min_class_count: int = 50
    min_rule_class_count: int = 10
    min_evaluation_class_count: int = 20
    min_win_share: float = 0.9
    max_training_snapshots: int = 12
    max_training_rows: int = 60_000
    calibration_folds: int = 3
    score_batch_rows: int = 100_000


@dataclass(frozen=True)
class ChurnResult:
    """What the churn step returns.

    Attributes:
        scores: SCORE_COLUMNS, one row per eligible customer, sorted by customer_id.
        evaluation: EVALUATION_COLUMNS; empty when no snapshot could be graded.
        artefact: What was served, ready to be saved; None when nobody could be scored.
        served_by: 'model' or 'baseline'.
        notes: Plain sentences on what was decided and why, in order.
    """

    scores: pd.DataFrame
    evaluation: pd.DataFrame
    artefact: ChurnArtefact | None
    served_by: str
    notes: tuple[str, ...]


@dataclass
class Grade:
    """Outcome of the contest on the evaluation snapshot.

    Attributes:
        rule_name: The best rule; served when the model is not.
        candidate: The best candidate; None when none could be trained.
        serves_model: Whether the candidate won.
        rows: EVALUATION_COLUMNS; empty when nothing could be graded.
        notes: Plain sentences.
    """

    rule_name: str = "recency"
    candidate: str | None = None
    serves_model: bool = False
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*EVALUATION_COLUMNS]))
    notes: list[str] = field(default_factory=list)


def train_and_score(
    snapshots: pd.DataFrame,
    orders_by_day: pd.DataFrame,
    *,
    as_of_date: date,
    horizon_days: int = 90,
    seed: int = 7,
    config: ChurnConfig | None = None,
) -> ChurnResult:
    """Learn from closed months, grade on the latest of them, and score today's customers.

    Memory grows with the snapshots passed in. Beyond some 100,000 customers pass those of a sample
    (sample_customers) and call score_customers with the artefact for everybody.

    Args:
        snapshots: Rows of `customer_features`: month-ends and as_of_date itself.
        orders_by_day: customer_id, order_date of valid orders.
        as_of_date: The day to score; anything later in either input is ignored.
        horizon_days: Days without a valid order that count as churn.
        seed: Seed of sampling, folds, estimators and bootstrap.
        config: Settings; None takes the defaults.

    Returns:
        Scores, evaluation and artefact. Too little data never fails: a rule, or at last a constant,
        is served and the notes say so.

    Raises:
        ValueError: A column is missing, a row repeats, or no customer has features at as_of_date
            although others have.
    """
    config = config or ChurnConfig()
    as_of_date = pd.Timestamp(as_of_date).date()
    known = snapshots_until(snapshots, as_of_date)
    current = known[known["as_of_date"] == pd.Timestamp(as_of_date)]
    if len(known) and current.empty:
        newest = known["as_of_date"].max().date()
        raise ValueError(
            f"customer_features has no snapshot of {as_of_date} (the newest is {newest}); "
            "build the features for this as-of date first"
        )
    current = current[is_eligible(current, config.eligibility_days)].reset_index(drop=True)
    if current.empty:
        note = f"Nobody ordered in the {config.eligibility_days} days up to {as_of_date}."
        empty = pd.DataFrame(columns=[*SCORE_COLUMNS])
        return ChurnResult(empty, Grade().rows, None, "baseline", (note,))

    labelled = build_training_frame(
        known,
        orders_by_day,
        as_of_date=as_of_date,
        horizon_days=horizon_days,
        eligibility_days=config.eligibility_days,
    )
    grade = grade_latest(labelled, horizon_days=horizon_days, seed=seed, config=config)
    artefact = _fit_served(labelled, grade, horizon_days=horizon_days, seed=seed, config=config)
    scores = score_customers(artefact, current, as_of_date=as_of_date, config=config)
    return ChurnResult(scores, grade.rows, artefact, artefact.served_by, artefact.notes)


def grade_latest(
    labelled: pd.DataFrame, *, horizon_days: int, seed: int, config: ChurnConfig
) -> Grade:
    """Contest between the best rule and the best candidate on the latest labelled snapshot.

    The model is served only if it is ahead of the rule on PR-AUC, its Brier score is no worse, it
    stays ahead in min_win_share of the bootstrap resamples, and it was ahead on the training side
    already. Luck seldom comes twice: of 40 shuffles of 600 customers' labels, the evaluation
    snapshot alone let 6 models through, both together 2.

    Args:
        labelled: Output of build_training_frame.
        horizon_days: Length of the label window.
        seed: Seed of candidates and bootstrap.
        config: Settings.

    Returns:
        The grade: rule and candidate, who is served, rows for `model_eval`, notes.
    """
    grade = Grade()
    days = [pd.Timestamp(day).date() for day in labelled["as_of_date"].unique()]
    if not days:
        grade.notes.append("No month-end has a closed label window yet; nothing can be learnt.")
        return grade
    split = split_by_time(
        days, observed_until=max(days) + timedelta(days=horizon_days), horizon_days=horizon_days
    )
    evaluation = _at(labelled, (split.evaluation_date,))
    training = _at(labelled, split.training_dates[-config.max_training_snapshots :])
    training = sample_customers(training, max_rows=config.max_training_rows, seed=seed)
    truth = evaluation["is_churned"].to_numpy()
    if _class_count(evaluation) < config.min_evaluation_class_count:
        grade.notes.append(
            f"Only {_class_count(evaluation)} customers of the rarer outcome on "
            f"{split.evaluation_date}; grading needs {config.min_evaluation_class_count}."
        )
        return grade
    if _class_count(training) < config.min_rule_class_count:
        grade.notes.append(
            f"No closed label window before {split.evaluation_date} holds "
            f"{config.min_rule_class_count} customers of each outcome; nothing can be graded."
        )
        return grade

    grade.rule_name = _best_rule(training, split)
    rule = fit_rule(training, training["is_churned"].to_numpy(), grade.rule_name)
    rule_metrics = probability_metrics(
        truth, rule.probability(evaluation), ranking=rule.score(evaluation)
    )
    shared = {"eligible_count": float(len(truth)), "churn_rate": float(truth.mean())}
    rule_metrics = {**shared, **rule_metrics}
    model_metrics: dict[str, float] = {}
    features = available_features(training)
    if _class_count(training) < config.min_class_count:
        grade.notes.append(
            f"Only {_class_count(training)} customers of the rarer outcome to train on; "
            f"a model needs {config.min_class_count}."
        )
    else:
        grade.candidate, is_proven = _best_candidate(
            training, split, features, grade.rule_name, seed=seed, config=config
        )
        model = fit_model(
            grade.candidate,
            training,
            training["is_churned"].to_numpy(),
            features,
            seed=seed,
            folds=config.calibration_folds,
        )
        # In the order in which they were scored, and to the digits that are published.
        probability = np.round(model.probability(evaluation), 6)
        model_metrics = {**shared, **probability_metrics(truth, probability)}
        share = win_share(truth, probability, rule.score(evaluation), seed=seed)
        model_metrics["win_share"] = share
        rule_metrics["win_share"] = 1.0 - share
        is_ahead = model_metrics["pr_auc"] > rule_metrics["pr_auc"]
        is_sharp = model_metrics["brier"] <= rule_metrics["brier"]
        is_lasting = is_proven and share >= config.min_win_share
        grade.serves_model = is_ahead and is_sharp and is_lasting
        grade.notes.append(
            f"On {split.evaluation_date}: PR-AUC {model_metrics['pr_auc']:.4f} "
            f"({grade.candidate}) against {rule_metrics['pr_auc']:.4f} ({grade.rule_name} rule), "
            f"Brier {model_metrics['brier']:.4f} against {rule_metrics['brier']:.4f}, ahead in "
            f"{share:.0%} of resamples, {'also' if is_proven else 'not'} on the training side: "
            f"{'model' if grade.serves_model else 'rule'} wins."
        )
    grade.rows = evaluation_rows(
        model=MODEL_NAME,
        as_of_date=split.evaluation_date,
        model_metrics=model_metrics,
        baseline_metrics=rule_metrics,
        baseline_name=grade.rule_name,
        served="model" if grade.serves_model else "baseline",
    )
    return grade


def score_customers(
    artefact: ChurnArtefact,
    current: pd.DataFrame,
    *,
    as_of_date: date,
    config: ChurnConfig | None = None,
) -> pd.DataFrame:
    """Score eligible customers with what is served, in batches.

    Args:
        artefact: Output of train_and_score or load_model.
        current: Rows of `customer_features` of one as_of_date; customers beyond the eligibility
            window are left out.
        as_of_date: Stamped on each row.
        config: Settings; None takes the defaults.

    Returns:
        SCORE_COLUMNS, sorted by customer_id; churn_probability rounded to 6 digits.

    Raises:
        ValueError: A feature of the model is missing.
    """
    config = config or ChurnConfig()
    current = current[is_eligible(current, config.eligibility_days)]
    current = current.sort_values("customer_id", kind="stable", ignore_index=True)
    parts = []
    for start in range(0, len(current), config.score_batch_rows):
        batch = current.iloc[start : start + config.score_batch_rows]
        reasons = explain(batch, artefact.predictor.contributions(batch))
        probability = np.round(np.clip(artefact.predictor.probability(batch), 0.0, 1.0), 6)
        parts.append(
            reasons.assign(
                customer_id=batch["customer_id"],
                as_of_date=[as_of_date] * len(batch),
                churn_probability=probability,
                horizon_days=artefact.horizon_days,
                risk_band=risk_band(probability, config),
                model_version=artefact.model_version,
                served_by=artefact.served_by,
            )[[*SCORE_COLUMNS]]
        )
    if not parts:
        return pd.DataFrame(columns=[*SCORE_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def risk_band(probability: np.ndarray, config: ChurnConfig) -> np.ndarray:
    """'low' below medium_from, 'high' from high_from on, 'medium' between; object (n,)."""
    return np.select(
        [probability >= config.high_from, probability >= config.medium_from],
        ["high", "medium"],
        "low",
    ).astype(object)


def _at(labelled: pd.DataFrame, days: tuple[date, ...]) -> pd.DataFrame:
    wanted = labelled["as_of_date"].isin([pd.Timestamp(day) for day in days])
    return labelled[wanted].reset_index(drop=True)


def _class_count(frame: pd.DataFrame) -> int:
    """Distinct customers of the rarer outcome: twelve snapshots of one person are one person."""
    counts = frame.groupby("is_churned")["customer_id"].nunique()
    return int(counts.min()) if len(counts) == 2 else 0


def _best_rule(training: pd.DataFrame, split: TimeSplit) -> str:
    """The rule with the highest PR-AUC on the validation snapshot.

    A rule's order is not fitted, so the whole of the snapshot may judge it.
    """
    validation = _at(training, (split.validation_date,))
    if _class_count(validation) == 0:
        validation = training
    truth = validation["is_churned"].to_numpy()
    gap = usual_gap_days(training)
    values = {
        name: round(pr_auc(truth, rule_score(validation, name, usual_gap=gap)), 9)
        for name in RULE_NAMES
    }
    return max(RULE_NAMES, key=lambda name: values[name])


def _best_candidate(
    training: pd.DataFrame,
    split: TimeSplit,
    features: tuple[str, ...],
    rule_name: str,
    *,
    seed: int,
    config: ChurnConfig,
) -> tuple[str, bool]:
    """The candidate with the highest PR-AUC on a later month, failing that on other customers.

    Members are fitted once; the blend costs nothing more. Simpler candidates win ties.

    Returns:
        Its name, and whether it is ahead of the rule there.
    """
    inner = _at(training, split.inner_training_dates)
    judge = _at(training, (split.validation_date,))
    if min(_class_count(inner), _class_count(judge)) < config.min_evaluation_class_count:
        is_judge = customer_hash(training["customer_id"], seed + 2) % np.uint64(3) == 0
        inner, judge = training[~is_judge], training[is_judge]
    if _class_count(inner) == 0 or _class_count(judge) == 0:
        return next(iter(CANDIDATES)), False
    names = tuple(dict.fromkeys(name for members in CANDIDATES.values() for name in members))
    members = fit_members(
        names, feature_matrix(inner, features), inner["is_churned"].to_numpy(), features, seed
    )
    matrix = feature_matrix(judge, features)
    truth = judge["is_churned"].to_numpy()
    values = {
        candidate: round(
            pr_auc(truth, np.round(mean_log_odds({n: members[n] for n in used}, matrix), 9)), 6
        )
        for candidate, used in CANDIDATES.items()
    }
    best = max(CANDIDATES, key=lambda candidate: values[candidate])
    rule = rule_score(judge, rule_name, usual_gap=usual_gap_days(inner))
    return best, values[best] > pr_auc(truth, rule)


def _fit_served(
    labelled: pd.DataFrame, grade: Grade, *, horizon_days: int, seed: int, config: ChurnConfig
) -> ChurnArtefact:
    """Refit the winner on every closed snapshot and describe it."""
    days = tuple(sorted(labelled["as_of_date"].unique()))[-config.max_training_snapshots :]
    rows = sample_customers(_at(labelled, days), max_rows=config.max_training_rows, seed=seed)
    truth = rows["is_churned"].to_numpy()
    notes = list(grade.notes)
    features: tuple[str, ...] = ()
    predictor: ChurnModel | RuleModel
    if grade.serves_model:
        features = available_features(rows)
        predictor = fit_model(
            grade.candidate, rows, truth, features, seed=seed, folds=config.calibration_folds
        )
    elif _class_count(rows) >= config.min_rule_class_count:
        predictor = fit_rule(rows, truth, grade.rule_name)
        notes.append(f"The {grade.rule_name} rule is served.")
    else:
        predictor = constant_rule(truth)
        notes.append(f"Too few outcomes even for a rule: everybody gets {predictor.base_rate:.3f}.")
    settings = {
        "predictor": predictor.name,
        "horizon_days": horizon_days,
        "seed": seed,
        "config": asdict(config),
        "boosting": BOOSTING_PARAMETERS,
        "logistic": LOGISTIC_PARAMETERS,
        "features": list(features),
        "versions": library_versions(LIBRARIES),
    }
    return ChurnArtefact(
        predictor=predictor,
        served_by="model" if grade.serves_model else "baseline",
        model_version=_model_version(rows, settings),
        features=features,
        horizon_days=horizon_days,
        training_from=rows["as_of_date"].min().date() if len(rows) else None,
        training_to=rows["as_of_date"].max().date() if len(rows) else None,
        training_rows=len(rows),
        churn_rate=float(truth.mean()) if len(rows) else None,
        metrics=grade.rows[["metric", "as_of_date", "model_value", "baseline_value"]].to_dict(
            "records"
        ),
        baseline_name=grade.rule_name,
        settings=settings,
        notes=tuple(notes),
    )


def _model_version(rows: pd.DataFrame, settings: dict) -> str:
    """Readable name plus a hash of everything that made the model; same input, same version."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    columns = available_features(rows) if len(rows) else ()
    digest.update(json.dumps(columns).encode())
    digest.update(np.ascontiguousarray(feature_matrix(rows, columns)).tobytes())
    digest.update(rows["is_churned"].to_numpy().tobytes())
    digest.update(rows["as_of_date"].to_numpy().astype("int64").tobytes())
    digest.update(customer_hash(rows["customer_id"], 0).tobytes())
    return f"{settings['predictor']}-{digest.hexdigest()[:12]}"
