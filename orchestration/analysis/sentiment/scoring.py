"""Score reviews: each as a whole, and what it says of each aspect that it names.

Belongs here: from a batch of reviews to rows of scores.
Does not belong here: training, the choice of what is served, reading and writing tables.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analysis.sentiment.artefact import SentimentArtefact

OVERALL = "overall"
STARS = "stars"
SCORE_COLUMNS = (
    "source",
    "review_id",
    "aspect",
    "sentiment_score",
    "served_by",
    "model_version",
)
SCORE_DIGITS = 4


def score_reviews(artefact: SentimentArtefact, reviews: pd.DataFrame) -> pd.DataFrame:
    """Score one batch of reviews, rated or not; the stars of a review that has words are not used.

    Args:
        artefact: Output of train or load_model.
        reviews: source, review_id, rating, review_text; one row per review.

    Returns:
        SCORE_COLUMNS: a row 'overall' per review with words or stars, and a row per aspect that
        its words name, in the order of the reviews. sentiment_score is -1..1. served_by is that
        of the artefact; 'stars' where they alone speak, with (stars - 3) / 2 and no version.
    """
    reviews = reviews.reset_index(drop=True)
    parts = [_overall(artefact, reviews), _by_aspect(artefact, reviews)]
    scores = pd.concat([part for part in parts if len(part)] or parts[:1])
    scores = scores.sort_index(kind="stable").reset_index(drop=True)
    scores["sentiment_score"] = scores["sentiment_score"].round(SCORE_DIGITS) + 0.0
    return scores[[*SCORE_COLUMNS]]


def _overall(artefact: SentimentArtefact, reviews: pd.DataFrame) -> pd.DataFrame:
    texts = reviews["review_text"].fillna("").str.strip()
    words = _sentiment(artefact, texts)
    stars = (reviews["rating"].astype(float) - 3.0) / 2.0
    by_stars = words.isna() & stars.notna()
    # words in which nothing is known say nothing either way; a blank review is none
    score = words.where(words.notna(), stars).fillna(0.0)
    rows = pd.DataFrame(
        {
            "source": reviews["source"],
            "review_id": reviews["review_id"],
            "aspect": OVERALL,
            "sentiment_score": score,
            "served_by": np.where(by_stars, STARS, artefact.served_by),
            "model_version": np.where(by_stars, None, artefact.model_version),
        }
    )
    return rows[(texts != "") | stars.notna()]


def _by_aspect(artefact: SentimentArtefact, reviews: pd.DataFrame) -> pd.DataFrame:
    named = [
        (position, aspect, clause)
        for position, text in enumerate(reviews["review_text"].fillna(""))
        for aspect, clause in artefact.aspect_words.clauses(text)
    ]
    mentions = pd.DataFrame(named, columns=["position", "aspect", "clause"])
    mentions["sentiment_score"] = _sentiment(artefact, mentions["clause"]).fillna(0.0)
    rows = mentions.groupby(["position", "aspect"], as_index=False)["sentiment_score"].mean()
    rows = rows.set_index("position").rename_axis(None)
    rows[["source", "review_id"]] = reviews.loc[rows.index, ["source", "review_id"]]
    return rows.assign(served_by=artefact.served_by, model_version=artefact.model_version)


def _sentiment(artefact: SentimentArtefact, texts: pd.Series) -> pd.Series:
    """Each text's sentiment; NaN where nothing in it is known. Equal texts are read once."""
    codes, distinct = pd.factorize(texts)
    scores = artefact.predictor.sentiment(distinct.tolist()) if len(distinct) else np.empty(0)
    return pd.Series(scores[codes], index=texts.index, dtype=float)
