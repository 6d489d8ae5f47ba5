"""The tag catalogue: what it may say, and that every mistake is named in words that help."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.conditions.condition import (
    Condition,
    ConditionError,
    check_condition,
    open_binder,
)
from orchestration.conditions.problems import VocabularyError
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR
from orchestration.tags import checked_tags
from orchestration.tags.catalogue import CATALOGUE, CATALOGUE_COLUMNS, TOPICS, read_columns
from orchestration.tags.registry import TAGS_FILE, ensure_tags
from orchestration.tags.render import render_tags

NAMED = {
    *("女性", "男性", "健康饮食", "频繁购买护肤品", "护肤偏好", "奢侈品牌偏好", "高频次购买"),
    *("忠实用户", "潜在流失用户", "价格敏感型用户", "时尚达人", "科技爱好者", "潜在高价值用户"),
}
MODELS_DIR = DBT_PROJECT_DIR / "models"
COLUMNS = read_columns(SEEDS_DIR, MODELS_DIR)
BINDER = open_binder(COLUMNS.values())
Seeds = Callable[..., Path]


@pytest.fixture
def seeds(tmp_path: Path) -> Seeds:
    """A function that copies the vocabularies, with cells of the tag `sharer` replaced."""

    def copy(rows: int = 1, **cells: str) -> Path:
        folder = tmp_path / "seeds"
        shutil.copytree(SEEDS_DIR, folder, dirs_exist_ok=True)
        with (folder / CATALOGUE).open(newline="", encoding="utf-8") as file:
            tags = list(csv.DictReader(file))
        for tag in tags:
            if tag["code"] == "sharer":
                tag.update(cells)
        with (folder / CATALOGUE).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, CATALOGUE_COLUMNS)
            writer.writeheader()
            writer.writerows(tags)
        return folder

    return copy


def refusal(folder: Path) -> str:
    """What is said about the catalogue of a folder."""
    with pytest.raises(VocabularyError) as refused:
        checked_tags(DBT_PROJECT_DIR, folder)
    return str(refused.value)


def test_the_shipped_catalogue_is_right_and_holds_every_named_tag() -> None:
    tags = checked_tags(DBT_PROJECT_DIR, SEEDS_DIR).tags
    assert len(tags) >= 65
    assert {tag.name_zh for tag in tags} >= NAMED


def test_the_macros_say_what_the_catalogue_says() -> None:
    text = (DBT_PROJECT_DIR / TAGS_FILE).read_text()
    assert text == render_tags(checked_tags(DBT_PROJECT_DIR, SEEDS_DIR))


def test_at_least_18_topics_are_shipped() -> None:
    topics = {name.split("__")[0] for name, col in COLUMNS.items() if col.origin == "topics"}
    assert len(topics) >= 18


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"expression": "share_count_365 >= 2"}, "did you mean share_count_365d"),
        ({"expression": "skincare__shares_12m > 0.2"}, "did you mean skincare__share_12m"),
        ({"expression": "zzz > 1"}, "unknown column zzz; see `strata tags columns`"),
        ({"expression": "share_count_365d >="}, "look for a missing or surplus word there"),
        ({"expression": "(share_count_365d > 1"}, "a bracket is opened and not closed"),
        ({"expression": "share_count_365d > 1 order_count"}, "'order_count' does not belong here"),
        ({"expression": "share_count_365d"}, "it gives a number, not true or false"),
        ({"expression": "gender"}, "it gives a text, not true or false"),
        ({"expression": "null"}, "it looks at no column"),
        ({"expression": "1 = 1"}, "it looks at no column"),
        ({"expression": ""}, "the expression is empty"),
        ({"expression": "gender = 1"}, "gender is a text and 1 a number; compare like with like"),
        ({"expression": "gender = 'women'"}, "gender is never 'women'; it is one of female, male"),
        ({"expression": "rfm_group in ('core', 'best')"}, "rfm_group is never 'best'"),
        ({"expression": "gender > 'female'"}, "orders texts"),
        ({"expression": "age_band = null"}, "write age_band is null"),
        ({"expression": "is_member = 'true'"}, "is_member is a boolean and 'true' a text"),
        ({"expression": "is_member and order_count"}, "order_count is a number"),
        ({"expression": "net_spend / order_count > 5"}, "divide by nullif(order_count, 0)"),
        ({"expression": "order_count ＞ 3"}, "full-width ＞; type the half-width >"),
        ({"expression": "gender = ‘female’"}, "full-width ‘"),
        ({"expression": 'gender = "female"'}, "write texts in single quotes"),
        ({"expression": "gender = 'female"}, "a text has no closing quote"),
        ({"expression": "count(order_count) > 1"}, "the function count is not allowed"),
        ({"expression": "random() > 0.5"}, "the function rand is not allowed; known are abs"),
        ({"expression": "regexp_matches(city, 'a')"}, "is not allowed"),
        ({"expression": "order_count > (select 1)"}, "it holds a statement or a query"),
        ({"expression": "exists (select 1)"}, "it holds a statement or a query"),
        ({"expression": "order_count in (select 1)"}, "it holds a statement or a query"),
        ({"expression": "drop table customer_360"}, "it holds a statement or a query"),
        ({"expression": "order_count::varchar = '1'"}, "is not allowed"),
        ({"expression": "customer_360.order_count > 1"}, "write the column as order_count"),
        ({"expression": "order_count > 1; drop table x"}, "take the semicolon"),
        ({"expression": "order_count > {{ 1 }}"}, "curly brackets"),
        ({"expression": "{% do x %}"}, "curly brackets"),
        ({"expression": "order_count > 1 -- all"}, "comments are not allowed"),
        ({"expression": "gender = 'it''s'"}, "a text must not hold an apostrophe"),
        ({"expression": "churn_probability > 0.5"}, "kind has to be model"),
        ({"kind": "model"}, "kind is model, but the expression uses none of churn_probability"),
        ({"kind": "rules"}, "kind is 'rules'; did you mean rule?"),
        ({"kind": ""}, "write one of rule, statistical, model"),
        ({"refresh": "hourly"}, "write one of daily, monthly"),
        ({"category": "socials"}, "did you mean social?"),
        ({"name_zh": ""}, "name_zh is empty; every tag needs a name in Chinese"),
        ({"name_en": ""}, "name_en is empty; every tag needs a name in English"),
        ({"name_zh": "女性"}, "name_zh '女性' stands in row 2 too"),
        ({"code": "female"}, "code 'female' stands in row 2 too"),
        ({"code": "Sharer!"}, "must be small letters"),
        ({"code": "x" * 51}, "at most 50 characters"),
        ({"ttl_days": "0"}, "ttl_days is '0'"),
        ({"ttl_days": "soon"}, "ttl_days is 'soon'"),
        ({"owner": ""}, "owner is empty"),
        ({"description_en": ""}, "description_en is empty"),
    ],
    ids=lambda value: str(next(iter(value.values())))[:40] if isinstance(value, dict) else "",
)
def test_a_mistake_is_named_with_its_row_and_the_remedy(
    seeds: Seeds, cells: dict[str, str], words: str
) -> None:
    printed = refusal(seeds(**cells))
    row = 1 + next(
        number for number, tag in enumerate(_shipped(), start=1) if tag["code"] == "sharer"
    )
    assert f"seeds/tag_catalogue.csv, row {row} (" in printed
    assert words in printed
    # one mistake, one line, and nothing of the machinery
    assert len(printed.splitlines()) == 1
    assert not {"Traceback", "sqlglot", "duckdb"} & set(printed.replace(".", " ").split())


def _shipped() -> list[dict[str, str]]:
    with (SEEDS_DIR / CATALOGUE).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 1_000 + "order_count" + ")" * 1_000 + " > 1",
        "not " * 1_000 + "is_member",
        "- " * 900 + "order_count > 1",
        "order_count > " + "1" * 100_000,
        "city = '" + "字" * 100_000 + "'",
        " or ".join(["order_count > 1"] * 20_000),
        "case when is_member then " * 60 + "true" + " end" * 60,
        "\x00order_count > 1",
        "order_count > 1e999",
        "𝟙" * 200,
        "'" * 999,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_hostile_text_is_refused_at_once(seeds: Seeds, expression: str) -> None:
    folder = seeds(expression=expression)
    started = time.perf_counter()
    printed = refusal(folder)
    assert time.perf_counter() - started < 5
    # a message never repeats what somebody pasted
    assert len(printed) < 500


def test_every_mistake_is_listed_at_once(seeds: Seeds) -> None:
    printed = refusal(seeds(kind="x", refresh="y", expression="zzz > 1"))
    assert len(printed.splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("分享".encode("gb18030"), "save it as CSV UTF-8"),
        (b"code,name\na,b\n", "the header lacks the column name_zh"),
        (b"", "the header lacks the column code"),
        (b"\x00\x01", "the file is no text"),
        (
            ",".join(CATALOGUE_COLUMNS).encode() + b"\na,b\n",
            "row 2: 2 cells, but the header has 11",
        ),
        (",".join(CATALOGUE_COLUMNS).encode() + b"\n", "the catalogue has no tag"),
        (b'"', "cannot be read as CSV"),
    ],
    ids=["gbk", "header", "empty", "binary", "cells", "rows", "quote"],
)
def test_a_file_that_is_no_catalogue_is_told_apart(
    seeds: Seeds, content: bytes, words: str
) -> None:
    folder = seeds()
    (folder / CATALOGUE).write_bytes(content)
    assert words in refusal(folder)


def test_a_workbook_program_may_add_a_byte_order_mark(seeds: Seeds) -> None:
    folder = seeds()
    path = folder / CATALOGUE
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(checked_tags(DBT_PROJECT_DIR, folder).tags) == len(_shipped())


def test_a_topic_of_no_category_is_refused(seeds: Seeds) -> None:
    folder = seeds()
    with (folder / TOPICS).open("a", encoding="utf-8") as file:
        file.write("plants,植物,Plants,,plant,\nluck,运气,Luck,,,\nskincare,皮肤,Skin,,makeup,\n")
    printed = refusal(folder)
    assert "(plants): category_l2_code is 'plant'" in printed
    assert "(luck): names neither a category nor a brand tier" in printed
    assert "(skincare): the labels differ" in printed


def test_a_wrong_catalogue_leaves_the_macros_alone(seeds: Seeds, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(DBT_PROJECT_DIR / "models" / "marts", project / "models" / "marts")
    folder = seeds()
    written = ensure_tags(project, folder).read_text()
    seeds(expression="zzz > 1")
    with pytest.raises(VocabularyError):
        ensure_tags(project, folder)
    assert (project / TAGS_FILE).read_text() == written
    seeds(expression="share_count_365d >= 3")
    assert "share_count_365d >= 3" in ensure_tags(project, folder).read_text()


def test_what_reaches_the_models_is_written_anew() -> None:
    typed = "Share_Count_365D>=2   AND\tgender!='male'"
    condition = check_condition(typed, COLUMNS, BINDER)
    assert condition == Condition(
        "share_count_365d >= 2 AND gender <> 'male'", ("share_count_365d", "gender")
    )


@pytest.mark.parametrize("tag", checked_tags(DBT_PROJECT_DIR, SEEDS_DIR).tags, ids=lambda t: t.code)
def test_both_engines_read_a_condition_alike(tag) -> None:
    from sqlglot import parse_one

    for dialect in ("duckdb", "spark"):
        assert parse_one(tag.condition.sql, dialect=dialect).sql(dialect) == tag.condition.sql


WORDS = st.sampled_from(
    [
        *("order_count", "gender", "is_member", "age", "city", "zzz"),
        *("'female'", "1", "0.5", "null"),
        *("=", "<>", ">", "and", "or", "not", "(", ")", ",", "in", "like", "is", "between", "/"),
        *("case", "when", "then", "else", "end", "coalesce", "nullif", "select", "from", "*", "-"),
        *("round", "count", "over", "cast", "as", "interval", "true"),
        *("[", "]", ":", "::", "?", "'"),
    ]
)


@settings(max_examples=500, deadline=None)
@example(": :A")
@example("0/':'")
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join)))
def test_any_text_is_a_condition_or_is_refused_in_words(text: str) -> None:
    try:
        condition = check_condition(text, COLUMNS, BINDER)
    except ConditionError as error:
        assert str(error).strip()
        assert "\n" not in str(error)
    else:
        # understood once, it is understood the same again
        again = check_condition(condition.sql, COLUMNS, BINDER)
        assert again == condition
