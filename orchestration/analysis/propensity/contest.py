"""Model against rule, challenger against champion, on months that neither has seen.

Belongs here: the contest on the latest closed window, the same on windows before it, and the
decision who is served.
Does not belong here: estimators, rules, labels; fitting what is served (scoring).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.analysis.evaluation import (
    EVALUATION_COLUMNS,
    TimeSplit,
    evaluation_rows,
    pr_auc,
    probability_metrics,
    split_by_time,
    win_share,
)
from orchestration.analysis.propensity.features import Feature, available_features, feature_matrix
from orchestration.analysis.propensity.model import (
    CANDIDATES,
    Classifier,
    fit_members,
    fit_model,
    mean_log_odds,
)
from orchestration.analysis.propensity.rules import RuleModel, fit_rule, rule_score, usual_gap_days
from orchestration.analysis.propensity.target import Limits, Rule, Target
from orchestration.analysis.propensity.training_frame import customer_hash, sample_customers


@dataclass
class Grade:
    """Outcome of the contest on one window.

    Attributes:
        rule: The best rule; served when the model is not.
        candidate: The recipe judged; None when none could be trained.
        serves_model: Whether the recipe won.
        rows: EVALUATION_COLUMNS; empty when nothing could be graded.
        judged: The labelled rows that judged, n of them; empty when nothing could be graded.
        probability: What the candidate said of them, (n,); empty without candidate.
        rule_probability: What the rule said, (n,).
        notes: Plain sentences.
    """

    rule: Rule
    candidate: str | None = None
    serves_model: bool = False
    rows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*EVALUATION_COLUMNS]))
    judged: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["outcome"]))
    probability: np.ndarray = field(default_factory=lambda: np.empty(0))
    rule_probability: np.ndarray = field(default_factory=lambda: np.empty(0))
    notes: list[str] = field(default_factory=list)

    @property
    def truth(self) -> np.ndarray:
        """0/1 of the judged rows, (n,)."""
        return self.judged["outcome"].to_numpy()


def grade_latest(
    labelled: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    limits: Limits,
    champion: str | None = None,
) -> Grade:
    """Contest between the best rule and the best recipe on the latest labelled snapshot.

    The model is served only if it is ahead of the rule on PR-AUC, its Brier score is no worse, it
    stays ahead in min_win_share of the bootstrap resamples, and it was ahead on the training side
    already. Luck seldom comes twice: of 40 shuffles of 600 customers' labels, the evaluation
    snapshot alone let 6 models through, both together 2.

    A recipe in service is left only for one that is ahead of it on the same window in
    min_win_share of the resamples. Recipes are compared, both learnt anew from what was known
    before the window, because a model fitted last week has seen most of the window's answers.

    Args:
        labelled: Labelled snapshots of eligible customers, `outcome` 0/1.
        target: The question.
        seed: Seed of candidates and bootstrap.
        limits: How much is needed.
        champion: Recipe in service; None when a rule is.

    Returns:
        The grade: rule and recipe, who is served, rows for `model_eval`, notes.
    """
    grade = Grade(target.rules[0])
    prepared = _prepare(labelled, None, target, grade, seed=seed, limits=limits)
    if prepared is None:
        return grade
    split, training, evaluation = prepared
    truth = evaluation["outcome"].to_numpy()
    grade.rule = _best_rule(training, split, target)
    rule = _judge_rule(training, evaluation, grade)
    model_metrics: dict[str, float] = {}
    rule_metrics = _metrics(truth, grade.rule_probability, rule.score(evaluation))
    if class_count(training) < limits.min_class_count:
        grade.notes.append(
            f"Only {class_count(training)} customers of the rarer outcome to train on; "
            f"a model needs {limits.min_class_count}."
        )
    else:
        features = available_features(training, target.features)
        challenger, is_proven = _best_candidate(
            training, split, features, grade.rule, target, seed=seed, limits=limits
        )
        grade.candidate = challenger
        grade.probability = _answers(challenger, training, evaluation, target, seed, limits)
        if champion in CANDIDATES and champion != challenger:
            _defend(grade, champion, training, evaluation, target, seed=seed, limits=limits)
        model_metrics = _metrics(truth, grade.probability)
        share = _win_share(evaluation, grade.probability, rule.score(evaluation), seed)
        model_metrics["win_share"] = share
        rule_metrics["win_share"] = 1.0 - share
        is_ahead = model_metrics["pr_auc"] > rule_metrics["pr_auc"]
        is_sharp = model_metrics["brier"] <= rule_metrics["brier"]
        is_lasting = is_proven and share >= limits.min_win_share
        grade.serves_model = is_ahead and is_sharp and is_lasting
        grade.notes.append(
            f"On {split.evaluation_date}: PR-AUC {model_metrics['pr_auc']:.4f} "
            f"({grade.candidate}) against {rule_metrics['pr_auc']:.4f} ({grade.rule.name} rule), "
            f"Brier {model_metrics['brier']:.4f} against {rule_metrics['brier']:.4f}, ahead in "
            f"{share:.0%} of resamples, {'also' if is_proven else 'not'} on the training side: "
            f"{'model' if grade.serves_model else 'rule'} wins."
        )
    grade.rows = evaluation_rows(
        model=target.name,
        as_of_date=split.evaluation_date,
        model_metrics=model_metrics,
        baseline_metrics=rule_metrics,
        baseline_name=grade.rule.name,
        served="model" if grade.serves_model else "baseline",
    )
    return grade


def grade_earlier(
    labelled: pd.DataFrame,
    target: Target,
    latest: Grade,
    *,
    seed: int,
    limits: Limits,
    graded_dates: frozenset[date] = frozenset(),
) -> pd.DataFrame:
    """The same recipe and rule on windows before the latest, none overlapping another.

    One month may flatter. A third of the rows is enough to see that, and windows whose grades are
    kept already are not judged again.

    Args:
        labelled: As for grade_latest.
        target: The question.
        latest: What grade_latest found.
        seed: Seed of candidates and bootstrap.
        limits: How much is needed.
        graded_dates: Snapshots that `model_eval` has grades of.

    Returns:
        EVALUATION_COLUMNS for up to limits.earlier_windows snapshots.
    """
    limits = replace(limits, max_training_rows=limits.max_training_rows // 3)
    parts = []
    for day in _earlier_dates(labelled, target, latest, limits):
        grade = Grade(latest.rule, latest.candidate)
        if day in graded_dates:
            continue
        prepared = _prepare(labelled, day, target, grade, seed=seed, limits=limits)
        if prepared is None or class_count(prepared[1]) < limits.min_class_count:
            continue
        _, training, evaluation = prepared
        truth = evaluation["outcome"].to_numpy()
        rule = _judge_rule(training, evaluation, grade)
        rule_metrics = _metrics(truth, grade.rule_probability, rule.score(evaluation))
        answers = _answers(latest.candidate, training, evaluation, target, seed, limits)
        model_metrics = _metrics(truth, answers)
        share = _win_share(evaluation, answers, rule.score(evaluation), seed)
        parts.append(
            evaluation_rows(
                model=target.name,
                as_of_date=day,
                model_metrics={**model_metrics, "win_share": share},
                baseline_metrics={**rule_metrics, "win_share": 1.0 - share},
                baseline_name=grade.rule.name,
                served="model" if latest.serves_model else "baseline",
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else latest.rows.iloc[:0]


def class_count(frame: pd.DataFrame) -> int:
    """Distinct customers of the rarer outcome: twelve snapshots of one person are one person."""
    counts = frame.groupby("outcome")["customer_id"].nunique()
    return int(counts.min()) if len(counts) == 2 else 0


def rows_at(labelled: pd.DataFrame, days: tuple[date, ...]) -> pd.DataFrame:
    """The rows of these snapshots."""
    wanted = labelled["as_of_date"].isin([pd.Timestamp(day) for day in days])
    return labelled[wanted].reset_index(drop=True)


def _prepare(
    labelled: pd.DataFrame,
    day: date | None,
    target: Target,
    grade: Grade,
    *,
    seed: int,
    limits: Limits,
) -> tuple[TimeSplit, pd.DataFrame, pd.DataFrame] | None:
    """Rows to learn from and to judge by, with `day` (or the latest) as evaluation date.

    Nothing when there is too little; the notes then say what is missing.
    """
    days = [pd.Timestamp(value).date() for value in labelled["as_of_date"].unique()]
    days = [value for value in days if day is None or value <= day]
    if not days:
        grade.notes.append("No month-end has a closed label window yet; nothing can be learnt.")
        return None
    horizon = timedelta(days=target.horizon_days)
    split = split_by_time(
        days, observed_until=max(days) + horizon, horizon_days=target.horizon_days
    )
    evaluation = rows_at(labelled, (split.evaluation_date,))
    training = rows_at(labelled, split.training_dates[-limits.max_training_snapshots :])
    training = sample_customers(training, max_rows=limits.max_training_rows, seed=seed)
    if class_count(evaluation) < limits.min_evaluation_class_count:
        grade.notes.append(
            f"Only {class_count(evaluation)} customers of the rarer outcome on "
            f"{split.evaluation_date}; grading needs {limits.min_evaluation_class_count}."
        )
        return None
    if class_count(training) >= limits.min_rule_class_count:
        return split, training, evaluation
    if day is None:
        return _prepare_by_customer(labelled, split, grade, seed=seed, limits=limits)
    return None


def _prepare_by_customer(
    labelled: pd.DataFrame, split: TimeSplit, grade: Grade, *, seed: int, limits: Limits
) -> tuple[TimeSplit, pd.DataFrame, pd.DataFrame] | None:
    """Where no window closed before the judged one: a third of the customers judges the others.

    Other people of the same months are a weaker proof than later months, but a company's first
    year has no other, and a rule that was never judged at all is weaker still.
    """
    is_judge = customer_hash(labelled["customer_id"], seed + 3) % np.uint64(3) == 0
    evaluation = rows_at(labelled[is_judge], (split.evaluation_date,))
    training = sample_customers(
        labelled[~is_judge].reset_index(drop=True), max_rows=limits.max_training_rows, seed=seed
    )
    enough = limits.min_rule_class_count, limits.min_evaluation_class_count
    if class_count(training) < enough[0] or class_count(evaluation) < enough[1]:
        grade.notes.append(
            f"No closed label window before {split.evaluation_date} holds "
            f"{limits.min_rule_class_count} customers of each outcome; nothing can be graded."
        )
        return None
    grade.notes.append(
        f"No window closed before {split.evaluation_date}: a third of the customers is judged by "
        "what the others taught, in the same months."
    )
    return split, training, evaluation


def _earlier_dates(
    labelled: pd.DataFrame, target: Target, latest: Grade, limits: Limits
) -> list[date]:
    if latest.rows.empty or latest.candidate is None:
        return []
    days = sorted(pd.Timestamp(value).date() for value in labelled["as_of_date"].unique())
    horizon = timedelta(days=target.horizon_days)
    found = [days[-1]]
    for day in reversed(days):
        if day + horizon <= found[-1] and len(found) <= limits.earlier_windows:
            found.append(day)
    return found[1:]


def _judge_rule(training: pd.DataFrame, evaluation: pd.DataFrame, grade: Grade) -> RuleModel:
    rule = fit_rule(training, training["outcome"].to_numpy(), grade.rule)
    grade.judged = evaluation
    grade.rule_probability = rule.probability(evaluation)
    return rule


def _answers(
    candidate: str,
    training: pd.DataFrame,
    evaluation: pd.DataFrame,
    target: Target,
    seed: int,
    limits: Limits,
) -> np.ndarray:
    """What a recipe, learnt from the training rows, says of the others; as published, (n,)."""
    model: Classifier = fit_model(
        candidate,
        training,
        training["outcome"].to_numpy(),
        available_features(training, target.features),
        monotone=target.monotone,
        seed=seed,
        folds=limits.calibration_folds,
    )
    return np.round(model.probability(evaluation), 6)


def _win_share(
    evaluation: pd.DataFrame, challenger: np.ndarray, incumbent: np.ndarray, seed: int
) -> float:
    """How often the challenger stays ahead when customers are drawn again, with all their rows."""
    customers, _ = pd.factorize(evaluation["customer_id"])
    truth = evaluation["outcome"].to_numpy()
    return win_share(truth, challenger, incumbent, customers=customers, seed=seed)


def _metrics(
    truth: np.ndarray, probability: np.ndarray, ranking: np.ndarray | None = None
) -> dict[str, float]:
    shared = {"eligible_count": float(len(truth)), "outcome_rate": float(truth.mean())}
    return {**shared, **probability_metrics(truth, probability, ranking=ranking)}


def _defend(
    grade: Grade,
    champion: str,
    training: pd.DataFrame,
    evaluation: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    limits: Limits,
) -> None:
    """Keep the recipe in service unless the challenger is clearly ahead of it."""
    answers = _answers(champion, training, evaluation, target, seed, limits)
    share = _win_share(evaluation, grade.probability, answers, seed)
    stays = share < limits.min_win_share
    grade.notes.append(
        f"{grade.candidate} is ahead of {champion}, the recipe in service, in {share:.0%} of "
        f"resamples: {champion if stays else grade.candidate} stays the one to beat."
    )
    if stays:
        grade.candidate, grade.probability = champion, answers


def _best_rule(training: pd.DataFrame, split: TimeSplit, target: Target) -> Rule:
    """The rule with the highest PR-AUC on the validation snapshot.

    A rule's order is not fitted, so the whole of the snapshot may judge it.
    """
    validation = rows_at(training, (split.validation_date,))
    if class_count(validation) == 0:
        validation = training
    truth = validation["outcome"].to_numpy()
    gap = usual_gap_days(training)
    values = {
        rule.name: round(pr_auc(truth, rule_score(validation, rule, usual_gap=gap)), 9)
        for rule in target.rules
    }
    return max(target.rules, key=lambda rule: values[rule.name])


def _best_candidate(
    training: pd.DataFrame,
    split: TimeSplit,
    features: tuple[Feature, ...],
    rule: Rule,
    target: Target,
    *,
    seed: int,
    limits: Limits,
) -> tuple[str, bool]:
    """The recipe with the highest PR-AUC on a later month, failing that on other customers.

    Members are fitted once; the blend costs nothing more. Simpler recipes win ties.

    Returns:
        Its name, and whether it is ahead of the rule there.
    """
    inner = rows_at(training, split.inner_training_dates)
    judge = rows_at(training, (split.validation_date,))
    if min(class_count(inner), class_count(judge)) < limits.min_evaluation_class_count:
        is_judge = customer_hash(training["customer_id"], seed + 2) % np.uint64(3) == 0
        inner, judge = training[~is_judge], training[is_judge]
    if class_count(inner) == 0 or class_count(judge) == 0:
        return next(iter(CANDIDATES)), False
    columns = tuple(feature.name for feature in features)
    directions = [target.monotone.get(column, 0) for column in columns]
    names = tuple(dict.fromkeys(name for members in CANDIDATES.values() for name in members))
    members = fit_members(
        names, feature_matrix(inner, columns), inner["outcome"].to_numpy(), directions, seed
    )
    matrix = feature_matrix(judge, columns)
    truth = judge["outcome"].to_numpy()
    values = {
        candidate: round(
            pr_auc(truth, np.round(mean_log_odds({n: members[n] for n in used}, matrix), 9)), 6
        )
        for candidate, used in CANDIDATES.items()
    }
    best = max(CANDIDATES, key=lambda candidate: values[candidate])
    against = rule_score(judge, rule, usual_gap=usual_gap_days(inner))
    return best, values[best] > pr_auc(truth, against)
