"""The learnt reader: characters and words of rated reviews, calibrated.

Belongs here: the estimator and its fixed parameters, cross-fitted calibration, log-odds of a text.
Does not belong here: which reviews train, whether the model is served (scoring), files (artefact).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.analysis.sentiment.lexicon import Lexicon
from orchestration.analysis.sentiment.text import normalise, tokens

# Hashed, so that the saved model holds numbers and no reviewer's words, and memory is bounded:
# a list of 176,000 tokens graded 0.936 on reviews_zh, 262,144 hashed columns 0.935.
HASHED_COLUMNS = 2**18
# liblinear took 4.4 s where this takes 1.5 s (50,000 reviews), for the same accuracy.
LOGISTIC_PARAMETERS: dict[str, Any] = {"C": 10.0, "solver": "lbfgs", "max_iter": 500}
CALIBRATION_PARAMETERS: dict[str, Any] = {"C": 1e6, "max_iter": 1000}
LEXICON_LIMIT = 6.0


def read_tokens(text: str) -> list[str]:
    """Tokens of a text as it was written."""
    return tokens(normalise(text))


@dataclass(frozen=True)
class SentimentModel:
    """A fitted, calibrated model that also knows the lexicon.

    The lexicon's sum is an input of the calibration: what 200 reviews cannot teach, the list
    says, and with 50,000 reviews it hardly counts any more (docs/review_sentiment.md).

    Attributes:
        pipeline: Fitted scikit-learn Pipeline from texts to raw log-odds.
        lexicon: The list of words.
        calibration: Weights of the raw log-odds and of the lexicon's sum, and the intercept.
        prior_log_odds: Log-odds of praise among the reviews that trained.
    """

    pipeline: Any
    lexicon: Lexicon
    calibration: tuple[float, float, float]
    prior_log_odds: float

    name = "logistic+lexicon"

    def log_odds(self, texts: list[str]) -> np.ndarray:
        """Calibrated log-odds of praise for each text, float64 (n,); NaN where it has no token."""
        counts = self.pipeline[0].transform(texts)
        raw = self.pipeline[1:].decision_function(counts)
        weight, lexicon_weight, intercept = self.calibration
        calibrated = weight * raw + lexicon_weight * lexicon_input(self.lexicon, texts) + intercept
        return np.where(np.diff(counts.indptr) > 0, calibrated, np.nan)

    def sentiment(self, texts: list[str]) -> np.ndarray:
        """2p - 1, where p is the probability of praise if praise and blame were equally common.

        With the prior left in, a text that says nothing would be praise in a shop where nine in
        ten reviews are.
        """
        return np.tanh((self.log_odds(texts) - self.prior_log_odds) / 2.0)


@dataclass(frozen=True)
class LexiconModel:
    """The lexicon, scaled to log-odds where rated reviews tell how.

    Attributes:
        lexicon: The list of words.
        slope: Calibration; log-odds = slope * sum + intercept.
        intercept: See slope.
    """

    lexicon: Lexicon
    slope: float = 1.0
    intercept: float = 0.0

    name = "lexicon"

    def log_odds(self, texts: list[str]) -> np.ndarray:
        """Log-odds of praise for each text, float64 (n,); those of the prior where it is silent."""
        return self.slope * np.nan_to_num(self.lexicon.log_odds(texts)) + self.intercept

    def sentiment(self, texts: list[str]) -> np.ndarray:
        """-1..1 by the words alone, whatever the share of praise; NaN where none is known."""
        return np.tanh(self.lexicon.log_odds(texts) / 2.0)


def lexicon_input(lexicon: Lexicon, texts: list[str]) -> np.ndarray:
    """The lexicon's sum as a feature: 0 where it is silent, bounded for texts of many words."""
    return np.clip(np.nan_to_num(lexicon.log_odds(texts)), -LEXICON_LIMIT, LEXICON_LIMIT)


def fit_model(
    texts: list[str], is_praise: np.ndarray, lexicon: Lexicon, *, folds: int
) -> SentimentModel:
    """Train on labelled texts, and calibrate on what each fold's model had not seen.

    Args:
        texts: Reviews; the same words always fall into the same fold, so that a phrase that many
            reviewers copy does not grade itself.
        is_praise: 0/1 (n,), both present.
        lexicon: The list of words.
        folds: Number of folds.

    Returns:
        The fitted model.

    Source: Platt (1999) for the calibration, Wolpert (1992) for stacking on held-out scores.
    """
    counts = _vectorizer().transform(texts)
    names = np.array([normalise(text) for text in texts], dtype=object)
    fold = pd.util.hash_array(names, categorize=False) % np.uint64(folds)
    held_out = np.full(len(texts), np.nan)
    for number in range(folds):
        mine = fold == number
        if mine.any() and len(np.unique(is_praise[~mine])) == 2:
            rest = _fit(_classifier(), counts[~mine], is_praise[~mine])
            held_out[mine] = rest.decision_function(counts[mine])
    known = np.isfinite(held_out)
    inputs = np.column_stack([held_out, lexicon_input(lexicon, texts)])
    pipeline = _fit(_classifier(), counts, is_praise)
    pipeline.steps.insert(0, ("hash", _vectorizer()))
    share = float(np.mean(is_praise))
    return SentimentModel(
        pipeline,
        lexicon,
        _fit_calibration(inputs[known], is_praise[known]),
        float(np.log(share / (1.0 - share))),
    )


def fit_lexicon(texts: list[str], is_praise: np.ndarray, lexicon: Lexicon) -> LexiconModel:
    """The lexicon with probabilities as the labelled texts have them: a fair baseline."""
    sums = np.nan_to_num(lexicon.log_odds(texts))
    slope, intercept = _fit_calibration(sums[:, None], is_praise)
    return LexiconModel(lexicon, slope, intercept)


def _fit_calibration(inputs: np.ndarray, is_praise: np.ndarray) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression

    fitted = _fit(LogisticRegression(**CALIBRATION_PARAMETERS), inputs, is_praise)
    return (*(float(weight) for weight in fitted.coef_[0]), float(fitted.intercept_[0]))


def _fit(estimator: Any, inputs: Any, is_praise: np.ndarray) -> Any:
    """Fit on one thread: threads of small sums wait for each other by spinning.

    On two busy cores training on 1,700 reviews took over 60 s with two threads and 13 s with one.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return estimator.fit(inputs, is_praise)


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer=read_tokens,
        n_features=HASHED_COLUMNS,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )


def _classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    return Pipeline(
        [
            ("weigh", TfidfTransformer(sublinear_tf=True)),
            ("logistic", LogisticRegression(**LOGISTIC_PARAMETERS)),
        ]
    )
