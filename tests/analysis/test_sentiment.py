"""Sentiment: negation, two languages, clauses, honest service, a published set of reviews."""

from datetime import date

import joblib
import numpy as np
import pandas as pd
import pytest

from orchestration.analysis.sentiment import (
    SCORE_COLUMNS,
    load_model,
    save_model,
    score_reviews,
    train,
)
from orchestration.analysis.sentiment.aspects import AspectWords
from orchestration.analysis.sentiment.lexicon import Lexicon
from orchestration.analysis.sentiment.model import LexiconModel
from orchestration.analysis.sentiment.text import clauses, normalise, tokens
from orchestration.settings import PROJECT_ROOT
from tests.benchmarks.sentiment import (
    REVIEWS_ZH,
    fitted,
    grades,
    reviews_zh,
    stratified_split,
)

AS_OF = date(2025, 6, 30)
LEXICON_WORDS = pd.read_csv(PROJECT_ROOT / "seeds" / "sentiment_lexicon.csv")
ASPECT_WORDS = pd.read_csv(PROJECT_ROOT / "seeds" / "review_aspect.csv")

# Words of which the lexicon knows none, so that only stars can teach what they mean.
PRAISE = ("给个满格", "yyds", "宝藏小店", "nailed it", "回头客一枚")
BLAME = ("踩雷", "智商税", "翻车现场", "meh", "避雷")
FILLER = ("买给家里人", "上周收到", "第二次下单", "for my desk", "as a gift")


def invented_reviews(count: int, *, blame_every: int = 4, seed: int = 1) -> pd.DataFrame:
    """Rated reviews whose words the lexicon does not know, one a hour."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        is_blame = number % blame_every == 0
        word = generator.choice(BLAME if is_blame else PRAISE)
        text = f"{generator.choice(FILLER)}，{word}"
        stars = generator.choice([1, 2] if is_blame else [4, 5])
        at = pd.Timestamp("2025-01-01") + pd.Timedelta(hours=number)
        rows.append(("shop", f"R{number:05d}", at, float(stars), text))
    return pd.DataFrame(
        rows, columns=["source", "review_id", "reviewed_at", "rating", "review_text"]
    )


def trained(rated: pd.DataFrame):
    return train(rated, LEXICON_WORDS, ASPECT_WORDS, as_of_date=AS_OF)


def unrated(*texts: str | None, rating: float | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": "shop",
            "review_id": [str(k) for k in range(len(texts))],
            "rating": pd.Series([rating] * len(texts), dtype=float),
            "review_text": pd.Series(texts, dtype=object),
        }
    )


@pytest.fixture(scope="module")
def cold():
    return trained(invented_reviews(0)).artefact


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon.from_frame(LEXICON_WORDS)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("质量好", 1),
        ("质量不好", -1),
        ("一点都不好", -1),
        ("不是很好", -1),
        ("没有异味", 1),
        ("不会不好用", 1),  # two negations
        ("没想到这么好", 1),  # 没 is part of another word
        ("好像坏了", -1),  # so is 好
        ("没问题", 1),
        ("Good", 1),
        ("not good", -1),
        ("It’s NOT very good", -1),  # a typographic apostrophe, capitals
        ("not bad at all", 1),
        ("never broke", 1),
        ("not good, fast delivery, friendly seller", 1),  # a negation ends with its clause
    ],
)
def test_negation_turns_the_next_word_of_its_clause(lexicon: Lexicon, text: str, sign: int) -> None:
    assert np.sign(lexicon.log_odds([text])[0]) == sign


def test_intensifiers_and_full_width_letters(lexicon: Lexicon) -> None:
    plain, very, a_little, wide = lexicon.log_odds(["贵", "太好了", "有点贵", "ｇｏｏｄ！"])
    assert very == 1.5
    assert plain < a_little < 0 < wide


def test_a_text_without_a_known_word_is_not_read(lexicon: Lexicon) -> None:
    assert np.isnan(lexicon.log_odds(["周二", "benefit"])).all()  # "fit" is no part of "benefit"


def test_the_lexicon_has_words_of_both_languages() -> None:
    assert (LEXICON_WORDS["language"].value_counts() >= 200).all()
    assert LEXICON_WORDS["term"].is_unique


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "verb"}, "kinds"),
        ({"term": "好"}, "repeats"),
    ],
)
def test_a_lexicon_with_faults_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lexicon.from_frame(LEXICON_WORDS.head(9).assign(**change))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("质量好，物流慢", ["质量好", "物流慢"]),
        ("质量不错但是物流太慢", ["质量不错", "物流太慢"]),
        ("质量很好 物流很快", ["质量很好", "物流很快"]),
        ("物流：太慢", ["物流:太慢"]),  # a colon names the topic of what follows
        ("Looks nice but runs small.", ["looks nice", "runs small"]),
        ("", []),
    ],
)
def test_clauses_end_at_signs_and_turns(text: str, parts: list[str]) -> None:
    assert clauses(normalise(text)) == parts


def test_digits_are_no_tokens() -> None:
    assert not any(letter.isdigit() for token in tokens("电话13800138000 ok5") for letter in token)


def test_aspects_are_judged_by_the_clause_that_names_them(cold) -> None:
    scores = score_reviews(
        cold, unrated("质量很好，物流太慢了，客服很耐心", "Nicely packed. Overpriced")
    )
    by_aspect = scores.set_index(["review_id", "aspect"])["sentiment_score"]
    assert set(by_aspect["0"].index) == {"overall", "quality", "logistics", "service"}
    assert by_aspect["0", "quality"] > 0.4 > -0.4 > by_aspect["0", "logistics"]
    assert by_aspect["0", "service"] > 0
    assert by_aspect["1", "packaging"] > 0 > by_aspect["1", "price"]


def test_several_clauses_on_one_aspect_are_averaged(cold) -> None:
    one, other, both = (
        score_reviews(cold, unrated(text)).set_index("aspect").loc["quality", "sentiment_score"]
        for text in ("做工精致", "质量太差", "做工精致，质量太差")
    )
    assert both == pytest.approx((one + other) / 2, abs=2e-4)


def test_every_aspect_has_words_of_both_languages() -> None:
    is_english = ASPECT_WORDS["term"].str.contains("[a-z]")
    for english in (True, False):
        assert ASPECT_WORDS[is_english == english].groupby("aspect").size().min() >= 5
    assert AspectWords.from_frame(ASPECT_WORDS).clauses("benefit") == []


def test_few_rated_reviews_serve_the_lexicon_and_say_so() -> None:
    result = trained(invented_reviews(60))
    assert result.artefact.served_by == "lexicon"
    assert result.evaluation.empty
    assert "a model needs 20 and 10" in result.artefact.notes[0]
    scores = score_reviews(result.artefact, unrated("质量很好"))
    assert set(scores["served_by"]) == {"lexicon"}


def test_a_model_that_learnt_the_shops_own_words_is_served() -> None:
    result = trained(invented_reviews(400))
    grade = result.evaluation.set_index("metric")
    assert result.artefact.served_by == "model"
    assert set(grade["served"]) == {"model"}
    assert grade.loc["accuracy", "model_value"] > 0.95 > grade.loc["accuracy", "baseline_value"]
    scores = score_reviews(result.artefact, unrated("踩雷", "宝藏小店", "质量很好"))
    overall = scores[scores["aspect"] == "overall"]["sentiment_score"].tolist()
    assert overall[0] < 0 < overall[1]
    # what the shop's reviews cannot teach, the lexicon still knows
    assert overall[2] > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_model_that_learnt_nothing_is_not_served(seed: int) -> None:
    rated = invented_reviews(400)
    stars = np.random.default_rng(seed).permutation(rated["rating"].to_numpy())
    result = trained(rated.assign(rating=stars))
    assert result.artefact.served_by == "lexicon"
    assert set(result.evaluation["served"]) == {"baseline"}
    assert abs(result.evaluation.set_index("metric").loc["roc_auc", "model_value"] - 0.5) < 0.2


def test_reruns_agree_and_row_order_is_irrelevant() -> None:
    rated = invented_reviews(400)
    one, other = trained(rated), trained(rated.sample(frac=1, random_state=3))
    assert one.artefact.model_version == other.artefact.model_version
    pd.testing.assert_frame_equal(one.evaluation, other.evaluation)
    reviews = rated[["source", "review_id", "rating", "review_text"]]
    shuffled = reviews.sample(frac=1, random_state=4)
    keys = ["source", "review_id", "aspect"]
    # in batches of other reviews, too
    parts = [score_reviews(other.artefact, part) for part in (shuffled[:150], shuffled[150:])]
    pd.testing.assert_frame_equal(
        score_reviews(one.artefact, reviews).sort_values(keys, ignore_index=True),
        pd.concat(parts).sort_values(keys, ignore_index=True),
    )


def test_three_stars_teach_nothing() -> None:
    rated = invented_reviews(400)
    neither = rated.assign(review_id="N" + rated["review_id"], rating=3.0, review_text="踩雷")
    with_neither = trained(pd.concat([rated, neither]))
    assert with_neither.artefact.model_version == trained(rated).artefact.model_version


def test_stars_speak_where_there_are_no_words(cold) -> None:
    reviews = pd.concat(
        [
            unrated(None, "  ", "第二次买", rating=1.0),
            unrated("质量很好", rating=1.0).assign(review_id="words"),
            unrated(None, "第二次买").assign(review_id=["nothing", "unread"]),
        ]
    )
    scores = score_reviews(cold, reviews)
    assert list(scores.columns) == list(SCORE_COLUMNS)
    overall = scores[scores["aspect"] == "overall"].set_index("review_id")
    assert overall.loc[["0", "1", "2"], "sentiment_score"].tolist() == [-1.0] * 3
    assert set(overall.loc[["0", "1", "2"], "served_by"]) == {"stars"}
    assert overall.loc["words", "sentiment_score"] > 0
    assert overall.loc["unread", "sentiment_score"] == 0
    assert "nothing" not in overall.index


def test_no_reviews_make_no_rows(cold) -> None:
    scores = score_reviews(cold, unrated())
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert scores.empty


def test_a_saved_model_scores_the_same_and_holds_no_review(tmp_path) -> None:
    artefact = trained(invented_reviews(400)).artefact
    path = save_model(artefact, tmp_path)
    again = load_model(path)
    pd.testing.assert_frame_equal(
        score_reviews(again, unrated("踩雷，质量好")),
        score_reviews(artefact, unrated("踩雷，质量好")),
    )
    joblib.dump(artefact, tmp_path / "plain.joblib")
    for file in (tmp_path / "plain.joblib", path.with_suffix(".json")):
        assert "宝藏小店".encode() not in file.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(
    not REVIEWS_ZH.exists(),
    reason=f"{REVIEWS_ZH} is not there; STRATA_TEST_DATA names the folder of test data",
)
def test_published_chinese_reviews_are_read() -> None:
    rows, rest = stratified_split(reviews_zh())
    model = fitted(rows)
    grade = grades(model, rest)
    assert grade["accuracy"] >= 0.93
    assert grade["macro_f1"] >= 0.93
    assert grade["accuracy"] > grades(LexiconModel(model.lexicon), rest)["accuracy"] + 0.05
