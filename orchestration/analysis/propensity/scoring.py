"""Learn, grade, decide who is served, and score: one question from rows to probabilities.

Belongs here: the order of events.
Does not belong here: the contest, estimators, rules, labels, wording, files; each has its module
beside this.

The order of events, with h the horizon and every date a month-end:

    T .. T+h <= E            train: fit the rules and the candidates (V, the latest T, chooses)
    E .. E+h <= observed     grade: model and best rule on rows of E, and on windows before it
    all closed snapshots     refit whichever won
    as_of                    score every eligible row
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.propensity.artefact import PropensityArtefact
from orchestration.analysis.propensity.contest import (
    Grade,
    class_count,
    grade_earlier,
    grade_latest,
    rows_at,
)
from orchestration.analysis.propensity.features import Feature, available_features, feature_matrix
from orchestration.analysis.propensity.model import (
    BOOSTING_PARAMETERS,
    LOGISTIC_PARAMETERS,
    Classifier,
    fit_model,
)
from orchestration.analysis.propensity.reasons import REASON_COUNT, explain
from orchestration.analysis.propensity.rules import RuleModel, constant_rule, fit_rule
from orchestration.analysis.propensity.target import Limits, Target
from orchestration.analysis.propensity.training_frame import customer_hash, sample_customers

LIBRARIES = ("numpy", "pandas", "scikit-learn")
_CODE = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
REASON_COLUMNS = tuple(
    f"reason_{rank}{suffix}"
    for suffix in ("", "_zh", "_code")
    for rank in range(1, REASON_COUNT + 1)
)


@dataclass(frozen=True)
class Learnt:
    """What is known after learning.

    Attributes:
        artefact: What is served, ready to be saved.
        evaluation: EVALUATION_COLUMNS; empty when no snapshot could be graded.
        grade: The contest on the latest window.
    """

    artefact: PropensityArtefact
    evaluation: pd.DataFrame
    grade: Grade


def learn(
    labelled: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    limits: Limits | None = None,
    champion: str | None = None,
    graded_dates: frozenset[date] = frozenset(),
) -> Learnt:
    """Learn from closed months, grade on the latest of them, and fit what is to be served.

    Args:
        labelled: Labelled month-end snapshots of eligible rows, sorted; `outcome` 0/1.
        target: The question.
        seed: Seed of sampling, folds, estimators and bootstrap.
        limits: How much is needed; None takes the defaults.
        champion: Recipe in service, see grade_latest.
        graded_dates: Snapshots whose grades are kept already.

    Returns:
        What is served and how it was graded. Too little data never fails: a rule, or at last a
        constant, is served and the notes say so.
    """
    limits = limits or Limits()
    grade = grade_latest(labelled, target, seed=seed, limits=limits, champion=champion)
    earlier = grade_earlier(
        labelled, target, grade, seed=seed, limits=limits, graded_dates=graded_dates
    )
    parts = [part for part in (earlier, grade.rows) if len(part)]
    evaluation = pd.concat(parts, ignore_index=True) if parts else grade.rows
    artefact = _fit_served(labelled, target, grade, seed=seed, limits=limits)
    return Learnt(artefact, evaluation, grade)


def fingerprint(
    labelled: pd.DataFrame, target: Target, *, seed: int, limits: Limits, champion: str | None
) -> str:
    """A hash of everything that decides what `learn` finds: rows, question, settings and code.

    Month-ends and their closed windows stay the same for most days of a month, and so does what
    can be learnt from them.
    """
    digest = hashlib.sha256(_CODE)
    names = [feature.name for feature in available_features(labelled, target.features)]
    settings = [repr(target), asdict(limits), seed, champion, names, library_versions(LIBRARIES)]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    _add_rows(digest, labelled, target, names)
    return digest.hexdigest()


def score(
    artefact: PropensityArtefact,
    rows: pd.DataFrame,
    *,
    with_reasons: bool = True,
    batch_rows: int = Limits.score_batch_rows,
) -> pd.DataFrame:
    """Score rows with what is served, in batches.

    Args:
        artefact: Output of learn or load_model.
        rows: Feature rows of one as_of_date, eligible ones only.
        with_reasons: Whether to explain each score; costs more than the score.
        batch_rows: Rows handled at once.

    Returns:
        The target's keys, as_of_date, probability (6 digits) and, if asked for, REASON_COLUMNS, in
        the order of the rows.

    Raises:
        ValueError: A feature of the model is missing.
    """
    columns = [*artefact.target.keys, "as_of_date"]
    parts = []
    for start in range(0, len(rows), batch_rows):
        batch = rows.iloc[start : start + batch_rows].reset_index(drop=True)
        probability = np.round(np.clip(artefact.predictor.probability(batch), 0.0, 1.0), 6)
        part = batch[columns].assign(probability=probability)
        if with_reasons:
            contributions = artefact.predictor.contributions(batch)
            part = part.join(explain(batch, contributions, artefact.target.wording))
        parts.append(part)
    if not parts:
        reasons = REASON_COLUMNS if with_reasons else ()
        return pd.DataFrame(columns=[*columns, "probability", *reasons])
    return pd.concat(parts, ignore_index=True)


def _fit_served(
    labelled: pd.DataFrame, target: Target, grade: Grade, *, seed: int, limits: Limits
) -> PropensityArtefact:
    """Refit the winner on every closed snapshot and describe it."""
    days = tuple(sorted(labelled["as_of_date"].unique()))[-limits.max_training_snapshots :]
    rows = sample_customers(rows_at(labelled, days), max_rows=limits.max_training_rows, seed=seed)
    truth = rows["outcome"].to_numpy()
    notes = list(grade.notes)
    features: tuple[Feature, ...] = ()
    predictor: Classifier | RuleModel
    if grade.serves_model:
        features = available_features(rows, target.features)
        predictor = fit_model(
            grade.candidate,
            rows,
            truth,
            features,
            monotone=target.monotone,
            seed=seed,
            folds=limits.calibration_folds,
        )
    elif class_count(rows) >= limits.min_rule_class_count:
        predictor = fit_rule(rows, truth, grade.rule)
        notes.append(f"The {grade.rule.name} rule is served.")
    else:
        predictor = constant_rule(truth)
        notes.append(f"Too few outcomes even for a rule: everybody gets {predictor.base_rate:.3f}.")
    names = [feature.name for feature in features]
    settings = {
        "predictor": predictor.name,
        "horizon_days": target.horizon_days,
        "seed": seed,
        "limits": asdict(limits),
        "boosting": BOOSTING_PARAMETERS,
        "logistic": LOGISTIC_PARAMETERS,
        "features": names,
        "versions": library_versions(LIBRARIES),
    }
    return PropensityArtefact(
        target=target,
        predictor=predictor,
        served_by="model" if grade.serves_model else "baseline",
        model_version=_model_version(rows, target, settings),
        features=tuple(names),
        training_from=rows["as_of_date"].min().date() if len(rows) else None,
        training_to=rows["as_of_date"].max().date() if len(rows) else None,
        training_rows=len(rows),
        outcome_rate=float(truth.mean()) if len(rows) else None,
        metrics=grade.rows[["metric", "as_of_date", "model_value", "baseline_value"]].to_dict(
            "records"
        ),
        baseline_name=grade.rule.name,
        settings=settings,
        notes=tuple(notes),
    )


def _model_version(rows: pd.DataFrame, target: Target, settings: dict) -> str:
    """Readable name plus a hash of everything that made the model; same input, same version."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    names = [feature.name for feature in available_features(rows, target.features)]
    digest.update(json.dumps(names).encode())
    _add_rows(digest, rows, target, names)
    return f"{settings['predictor']}-{digest.hexdigest()[:12]}"


def _add_rows(digest: Any, rows: pd.DataFrame, target: Target, names: list[str]) -> None:
    digest.update(np.ascontiguousarray(feature_matrix(rows, names)).tobytes())
    digest.update(rows["outcome"].to_numpy().tobytes())
    digest.update(rows["as_of_date"].to_numpy().astype("int64").tobytes())
    for key in target.keys:
        digest.update(customer_hash(rows[key], 0).tobytes())
