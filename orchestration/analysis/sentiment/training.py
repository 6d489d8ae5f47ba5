"""Train, grade on later reviews, and decide between the model and the lexicon.

Belongs here: labels, the split in time, the contest, the artefact of the winner.
Does not belong here: the estimator, scoring of reviews, files; each has its module beside this.

Of the rated reviews until the as-of date, the latest fifth grades what the others taught. The
winner is then trained on all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.artefact import library_versions
from orchestration.analysis.evaluation import (
    EVALUATION_COLUMNS,
    evaluation_rows,
    pr_auc,
    probability_metrics,
)
from orchestration.analysis.sentiment.artefact import SentimentArtefact
from orchestration.analysis.sentiment.aspects import AspectWords
from orchestration.analysis.sentiment.lexicon import Lexicon
from orchestration.analysis.sentiment.model import (
    CALIBRATION_PARAMETERS,
    HASHED_COLUMNS,
    LEXICON_LIMIT,
    LOGISTIC_PARAMETERS,
    LexiconModel,
    SentimentModel,
    fit_lexicon,
    fit_model,
)

MODEL_NAME = "review_sentiment"
LIBRARIES = ("numpy", "pandas", "scikit-learn")
BASELINE_NAME = "lexicon"
RATED_COLUMNS = ("source", "review_id", "reviewed_at", "rating", "review_text")
# Stars from which a review praises, and up to which it blames; those between say neither.
PRAISE_FROM, BLAME_UP_TO = 4, 2


@dataclass(frozen=True)
class SentimentConfig:
    """Settings of the sentiment step.

    Attributes:
        max_training_reviews: Rated reviews that the asset hands over at most; bounds memory.
        min_class_count: Reviews of the rarer kind without which no model is trained: with 20 in
            200 it beat the lexicon on reviews_zh, with 10 in 100 it did not.
        min_evaluation_class_count: Later reviews of the rarer kind needed to grade at all.
        evaluation_share: Latest part of the rated reviews that grades.
        min_gain_errors: Standard errors by which the model's Brier score must be better: 1.28
            leaves luck one chance in ten. Resamples of PR-AUC let four of eight models win that
            had learnt shuffled stars, because a lexicon that knows no word ranks nothing.
        max_proof_reviews: Latest of the earlier reviews on which the model must be ahead, too.
        calibration_folds: Folds of the cross-fitted calibration.
        score_batch_rows: Reviews read and scored at once; bounds memory.
    """

    max_training_reviews: int = 60_000
    min_class_count: int = 20
    min_evaluation_class_count: int = 10
    evaluation_share: float = 0.2
    min_gain_errors: float = 1.28
    max_proof_reviews: int = 10_000
    calibration_folds: int = 3
    score_batch_rows: int = 20_000


@dataclass(frozen=True)
class Contest:
    """Model against lexicon on the latest rated reviews.

    Attributes:
        evaluation: EVALUATION_COLUMNS; empty when nothing could be graded.
        serves_model: Whether the model won.
        notes: Plain sentences.
        is_blame: 1 for a review of one or two stars, (n,); empty when nothing could be graded.
        blame: Who answers → probability of blame, (n,).
    """

    evaluation: pd.DataFrame
    serves_model: bool
    notes: tuple[str, ...]
    is_blame: np.ndarray = field(default_factory=lambda: np.empty(0))
    blame: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingResult:
    """What training returns.

    Attributes:
        artefact: What is served.
        evaluation: EVALUATION_COLUMNS; empty when nothing could be graded.
        contest: What decided who is served.
    """

    artefact: SentimentArtefact
    evaluation: pd.DataFrame
    contest: Contest


def train(
    rated: pd.DataFrame,
    lexicon_words: pd.DataFrame,
    aspect_words: pd.DataFrame,
    *,
    as_of_date: date,
    config: SentimentConfig | None = None,
) -> TrainingResult:
    """Train on the company's own rated reviews, and keep the lexicon where that does not win.

    Args:
        rated: RATED_COLUMNS of reviews with stars and words, known at the as-of date, any order.
            Reviews of three stars are left out.
        lexicon_words: Rows of the seed sentiment_lexicon.
        aspect_words: Rows of the seed review_aspect.
        as_of_date: Business date of the run, stamped on the grades.
        config: Settings; None takes the defaults.

    Returns:
        The artefact and its grades.

    Raises:
        ValueError: A column is missing, or a review repeats.
    """
    config = config or SentimentConfig()
    lexicon = Lexicon.from_frame(lexicon_words)
    labelled = _labelled(rated)
    contest = _grade(labelled, lexicon, as_of_date, config)
    evaluation, serves_model, notes = contest.evaluation, contest.serves_model, [*contest.notes]
    texts, is_praise = labelled["review_text"].tolist(), labelled["is_praise"].to_numpy()
    predictor: SentimentModel | LexiconModel = LexiconModel(lexicon)
    if serves_model:
        predictor = fit_model(texts, is_praise, lexicon, folds=config.calibration_folds)
    else:
        notes.append("The lexicon is served.")
    used = labelled if serves_model else labelled[:0]
    settings = {
        "predictor": predictor.name,
        "config": asdict(config),
        "logistic": LOGISTIC_PARAMETERS,
        "calibration": CALIBRATION_PARAMETERS,
        "hashed_columns": HASHED_COLUMNS,
        "lexicon_limit": LEXICON_LIMIT,
        "versions": library_versions(LIBRARIES),
    }
    days = pd.to_datetime(used["reviewed_at"])
    artefact = SentimentArtefact(
        predictor=predictor,
        aspect_words=AspectWords.from_frame(aspect_words),
        served_by="model" if serves_model else "lexicon",
        model_version=_model_version(used, lexicon_words, aspect_words, settings),
        training_from=days.min().date() if len(used) else None,
        training_to=days.max().date() if len(used) else None,
        training_rows=len(used),
        praise_rate=float(used["is_praise"].mean()) if len(used) else None,
        metrics=evaluation[["metric", "as_of_date", "model_value", "baseline_value"]].to_dict(
            "records"
        ),
        settings=settings,
        notes=tuple(notes),
    )
    return TrainingResult(artefact, evaluation, contest)


def _labelled(rated: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in RATED_COLUMNS if column not in rated]
    if missing:
        raise ValueError(f"rated reviews lack {missing}; have {list(rated.columns)}")
    repeated = int(rated.duplicated(["source", "review_id"]).sum())
    if repeated:
        raise ValueError(f"{repeated} rated reviews repeat; pass one row per source and review_id")
    is_clear = (rated["rating"] >= PRAISE_FROM) | (rated["rating"] <= BLAME_UP_TO)
    clear = rated[is_clear & rated["review_text"].notna()]
    clear = clear.sort_values(["reviewed_at", "source", "review_id"], ignore_index=True)
    return clear.assign(is_praise=(clear["rating"] >= PRAISE_FROM).astype(int))


def _grade(
    labelled: pd.DataFrame,
    lexicon: Lexicon,
    as_of_date: date,
    config: SentimentConfig,
) -> Contest:
    """Judge on the latest reviews, with what came before them to learn from."""
    cut = int(len(labelled) * (1.0 - config.evaluation_share))
    earlier, later = labelled[:cut], labelled[cut:]
    none = pd.DataFrame(columns=list(EVALUATION_COLUMNS))
    taught, judged = _rarer_count(earlier), _rarer_count(later)
    if taught < config.min_class_count or judged < config.min_evaluation_class_count:
        note = (
            f"Of the {len(labelled)} rated reviews with words, the earlier hold {taught} and "
            f"the later {judged} of the rarer kind; a model needs {config.min_class_count} "
            f"and {config.min_evaluation_class_count}."
        )
        return Contest(none, False, (note,))
    later_texts, later_praise = later["review_text"].tolist(), later["is_praise"].to_numpy()
    rivals = _rivals(earlier, lexicon, config)
    blame, metrics = {}, {}
    for name, rival in rivals.items():
        blame[name] = _blame(rival, later_texts)
        metrics[name] = {
            "review_count": float(len(later)),
            "blame_rate": float(1.0 - later_praise.mean()),
            **_accuracy(later_praise, rival.sentiment(later_texts)),
            **probability_metrics(1 - later_praise, blame[name]),
        }
    model, baseline = metrics["model"], metrics["baseline"]
    gain = _gain_errors(1 - later_praise, blame["model"], blame["baseline"])
    is_proven = _is_ahead_before(earlier, lexicon, config)
    serves_model = (
        model["pr_auc"] > baseline["pr_auc"] and gain >= config.min_gain_errors and is_proven
    )
    rows = evaluation_rows(
        model=MODEL_NAME,
        as_of_date=as_of_date,
        model_metrics=model,
        baseline_metrics=baseline,
        baseline_name=BASELINE_NAME,
        served="model" if serves_model else "baseline",
    )
    note = (
        f"On the {len(later)} latest rated reviews: PR-AUC of blame {model['pr_auc']:.4f} against "
        f"{baseline['pr_auc']:.4f} (lexicon), accuracy {model['accuracy']:.4f} against "
        f"{baseline['accuracy']:.4f}, Brier score better by {gain:.1f} standard errors, "
        f"{'also' if is_proven else 'not'} ahead on the fifth before: "
        f"{'model' if serves_model else 'lexicon'} wins."
    )
    return Contest(rows, serves_model, (note,), 1 - later_praise, blame)


def _rivals(
    labelled: pd.DataFrame, lexicon: Lexicon, config: SentimentConfig
) -> dict[str, SentimentModel | LexiconModel]:
    texts, is_praise = labelled["review_text"].tolist(), labelled["is_praise"].to_numpy()
    return {
        "model": fit_model(texts, is_praise, lexicon, folds=config.calibration_folds),
        "baseline": fit_lexicon(texts, is_praise, lexicon),
    }


def _blame(reader: SentimentModel | LexiconModel, texts: list[str]) -> np.ndarray:
    """Probability of blame: the rarer kind, and the one that somebody must act on."""
    log_odds = np.nan_to_num(reader.log_odds(texts))
    return np.round(0.5 * (1.0 - np.tanh(log_odds / 2.0)), 6)


def _is_ahead_before(earlier: pd.DataFrame, lexicon: Lexicon, config: SentimentConfig) -> bool:
    """Whether the model is ahead on the latest of the earlier reviews, too: luck seldom lasts."""
    earlier = earlier[-config.max_proof_reviews :]
    cut = int(len(earlier) * (1.0 - config.evaluation_share))
    taught, judge = earlier[:cut], earlier[cut:]
    if min(_rarer_count(taught), _rarer_count(judge)) == 0:
        return False
    texts, truth = judge["review_text"].tolist(), 1 - judge["is_praise"].to_numpy()
    values = {
        name: pr_auc(truth, _blame(reader, texts))
        for name, reader in _rivals(taught, lexicon, config).items()
    }
    return values["model"] > values["baseline"]


def _gain_errors(truth: np.ndarray, model: np.ndarray, baseline: np.ndarray) -> float:
    """By how many standard errors the model's mean squared error is below the baseline's."""
    gains = (baseline - truth) ** 2 - (model - truth) ** 2
    error = gains.std() / np.sqrt(len(gains))
    return float(gains.mean() / error) if error > 0 else 0.0


def _accuracy(is_praise: np.ndarray, sentiment: np.ndarray) -> dict[str, float]:
    """Whether the sign of the published score is that of the stars."""
    from sklearn.metrics import f1_score

    says_praise = np.nan_to_num(sentiment) > 0
    return {
        "accuracy": float((says_praise == is_praise).mean()),
        "macro_f1": float(f1_score(is_praise, says_praise, average="macro")),
    }


def _rarer_count(labelled: pd.DataFrame) -> int:
    counts = labelled["is_praise"].value_counts()
    return int(counts.min()) if len(counts) == 2 else 0


def _model_version(
    used: pd.DataFrame, lexicon_words: pd.DataFrame, aspect_words: pd.DataFrame, settings: dict
) -> str:
    """Readable name plus a hash of everything that made the model; same input, same version."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    inputs = (
        used[["source", "review_id", "review_text", "is_praise"]],
        lexicon_words[["term", "polarity", "kind"]].sort_values("term"),
        aspect_words[["term", "aspect"]].sort_values("term"),
    )
    for frame in inputs:
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return f"{settings['predictor']}-{digest.hexdigest()[:12]}"
