"""Whether reviews are still written as those that were learnt from.

Belongs here: which numbers of reviews are compared. Does not belong here: the index itself
(analysis/drift.py).
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from orchestration.analysis.drift import SCORE, drift_since, no_drift
from orchestration.analysis.sentiment.artefact import SentimentArtefact
from orchestration.analysis.sentiment.scoring import OVERALL, score_reviews
from orchestration.analysis.sentiment.training import MODEL_NAME

MAX_REVIEWS = 5_000


def sentiment_drift(
    artefact: SentimentArtefact, reviews: pd.DataFrame, *, as_of_date: date
) -> pd.DataFrame:
    """Population stability of the score, of the stars and of the length of the text.

    Args:
        artefact: What is served.
        reviews: As for `train`; the first MAX_REVIEWS are looked at.
        as_of_date: The day.

    Returns:
        DRIFT_COLUMNS; empty without reviews in both spans.
    """
    reviews = reviews.head(MAX_REVIEWS)
    if reviews.empty:
        return no_drift()
    scores = score_reviews(artefact, reviews)
    overall = scores[scores["aspect"] == OVERALL].set_index(["source", "review_id"])
    keys = pd.MultiIndex.from_frame(reviews[["source", "review_id"]])
    values = {
        SCORE: overall["sentiment_score"].reindex(keys).to_numpy(dtype=float),
        "rating": reviews["rating"].to_numpy(dtype=float),
        "text_length": reviews["review_text"].str.len().to_numpy(dtype=float),
    }
    days = pd.to_datetime(reviews["reviewed_at"]).to_numpy()
    return drift_since(values, days, model=MODEL_NAME, as_of_date=as_of_date)
