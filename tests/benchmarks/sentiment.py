"""How well reviews are read that nobody here has read: `reviews_zh`, by split and by category.

Belongs here: fitting on part of the published set and grading on the rest.
Does not belong here: the accuracy that must be reached (tests/analysis/test_sentiment.py).
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import train_test_split

from orchestration.analysis.sentiment import SentimentConfig
from orchestration.analysis.sentiment.lexicon import Lexicon
from orchestration.analysis.sentiment.model import LexiconModel, SentimentModel, fit_model
from orchestration.settings import PROJECT_ROOT
from tests.benchmarks.own_process import say
from tests.reference_data import TEST_DATA

REVIEWS_ZH = TEST_DATA / "reviews_zh" / "online_shopping_10_cats.parquet"


def lexicon() -> Lexicon:
    """The lexicon of the seed."""
    return Lexicon.from_frame(pd.read_csv(PROJECT_ROOT / "seeds" / "sentiment_lexicon.csv"))


def reviews_zh() -> pd.DataFrame:
    """cat, label (1 praise), review; the one review without text is left out."""
    return pd.read_parquet(REVIEWS_ZH).dropna(subset=["review"]).reset_index(drop=True)


def stratified_split(reviews: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """80 of 100 to train and 20 to grade, by label, seed 0."""
    return tuple(
        train_test_split(reviews, test_size=0.2, random_state=0, stratify=reviews["label"])
    )


def fitted(train: pd.DataFrame) -> SentimentModel:
    """The model as a company with these reviews would serve it."""
    return fit_model(
        train["review"].tolist(),
        train["label"].to_numpy(),
        lexicon(),
        folds=SentimentConfig.calibration_folds,
    )


def grades(reader: SentimentModel | LexiconModel, reviews: pd.DataFrame) -> dict[str, float]:
    """accuracy, macro_f1 and roc_auc of the published score."""
    truth = reviews["label"].to_numpy()
    score = np.nan_to_num(reader.sentiment(reviews["review"].tolist()))
    return {
        "accuracy": float(((score > 0) == truth).mean()),
        "macro_f1": float(f1_score(truth, score > 0, average="macro")),
        "roc_auc": float(roc_auc_score(truth, score)),
    }


def learning_curve(reviews: pd.DataFrame) -> None:
    """Print grades by number of training reviews, nine in ten of them praise."""
    train, rest = stratified_split(reviews)
    words = LexiconModel(lexicon())
    say(f"lexicon alone {grades(words, rest)}")
    for size in (100, 200, 400, 800, 1_600, 6_400):
        praise = train[train["label"] == 1].sample(size * 9 // 10, random_state=0)
        blame = train[train["label"] == 0].sample(size - len(praise), random_state=0)
        say(f"{size:6,} reviews  {grades(fitted(pd.concat([praise, blame])), rest)}")


def by_category(reviews: pd.DataFrame) -> None:
    """Print grades on each category of a model that never saw one of its reviews."""
    say("| category | reviews | lexicon | model, accuracy | model, macro-F1 |")
    say("|---|---|---|---|---|")
    words = LexiconModel(lexicon())
    for category, mine in reviews.groupby("cat"):
        model = grades(fitted(reviews[reviews["cat"] != category]), mine)
        say(
            f"| {category} | {len(mine):,} | {grades(words, mine)['macro_f1']:.3f} "
            f"| {model['accuracy']:.3f} | {model['macro_f1']:.3f} |"
        )


def main() -> None:
    """The stratified split, the learning curve, then every category left out in turn."""
    reviews = reviews_zh()
    train, rest = stratified_split(reviews)
    start = time.perf_counter()
    model = fitted(train)
    trained = time.perf_counter()
    say(f"80/20 {grades(model, rest)}")
    say(f"lexicon alone {grades(LexiconModel(model.lexicon), rest)}")
    say(
        f"trained in {trained - start:.0f} s, {len(rest):,} scored in "
        f"{time.perf_counter() - trained:.0f} s"
    )
    learning_curve(reviews)
    by_category(reviews)


if __name__ == "__main__":
    main()
