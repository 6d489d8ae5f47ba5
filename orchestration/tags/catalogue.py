"""The rows of the tag catalogue, every one of them checked.

Belongs here: what each column of seeds/tag_catalogue.csv may hold, and the topics that conditions
know. Does not belong here: reading conditions (conditions), writing macros (render).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.conditions.columns import Column
from orchestration.conditions.condition import (
    Condition,
    ConditionError,
    check_condition,
    open_binder,
)
from orchestration.conditions.problems import Problem, VocabularyError, nearest, shortened
from orchestration.tags.columns import known_columns
from orchestration.tags.tables import Row, file_label, read_rows

if TYPE_CHECKING:
    import duckdb

CATALOGUE = "tag_catalogue.csv"
TOPICS = "interest_topic.csv"
BRANDS = "brand.csv"
TAXONOMY = "product_category.csv"
SEGMENTS = "segment_label.csv"
CATALOGUE_COLUMNS = (
    *("code", "name_zh", "name_en", "category", "kind", "expression", "owner"),
    *("refresh", "ttl_days", "description_zh", "description_en"),
)
TOPIC_COLUMNS = (
    *("topic", "label_zh", "label_en", "category_l1_code", "category_l2_code", "brand_tier"),
)
BRAND_COLUMNS = ("brand", "tier", "name_en")
TAXONOMY_COLUMNS = ("code", "level", "department_code", "name_zh", "name_en")
SEGMENT_COLUMNS = (
    *("kind", "code", "rank", "label_zh", "label_en", "rule_zh", "rule_en"),
    *("suggestion_zh", "suggestion_en"),
)
KINDS = ("rule", "statistical", "model")
REFRESHES = ("daily", "monthly")
CATEGORIES = (
    *("demographic", "behaviour", "habit", "interest", "value", "loyalty", "promotion", "social"),
    *("voice", "lifecycle", "risk"),
)
TIERS = ("luxury", "premium", "mass")
#: Topic of every act, whatever it is about; the measures of all topics are shares of it.
ALL_TOPICS = "everything"
LONGEST_TTL_DAYS = 3650
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_CODE = 50
LONGEST_NAME = 60


@dataclass(frozen=True)
class Tag:
    """One tag that the models can evaluate.

    Attributes:
        code: Its code.
        name_zh: Chinese name.
        name_en: English name.
        category: Its group in lists.
        kind: rule, statistical or model.
        refresh: daily, at every snapshot, or monthly, at month-ends only.
        ttl_days: Days without a new run after which it should no longer be trusted.
        expression: When a customer carries it, as it was typed.
        condition: The same as it was understood.
    """

    code: str
    name_zh: str
    name_en: str
    category: str
    kind: str
    refresh: str
    ttl_days: int
    expression: str
    condition: Condition


@dataclass(frozen=True)
class Catalogue:
    """All tags, and the columns that conditions know."""

    tags: tuple[Tag, ...]
    columns: Mapping[str, Column]


def read_catalogue(seeds_dir: Path, models_dir: Path) -> Catalogue:
    """Read and check the catalogue with the vocabularies that it reads.

    Args:
        seeds_dir: Where the CSV files are.
        models_dir: dbt_project/models, whose YAML files say which features there are.

    Raises:
        VocabularyError: Something is wrong; all that is, in one list.
    """
    columns, problems = _columns(seeds_dir, models_dir)
    problems += _brand_problems(seeds_dir / BRANDS)
    path = seeds_dir / CATALOGUE
    rows = read_rows(path, CATALOGUE_COLUMNS)
    binder = open_binder(columns.values())
    tags: list[Tag] = []
    for row in rows:
        tag, texts = _tag(row, columns, binder)
        problems += [_problem(path, row, text) for text in texts]
        if tag is not None:
            tags.append(tag)
    binder.close()
    problems += [
        _problem(path, row, text) for row, text in _duplicates(rows, ("code", "name_zh", "name_en"))
    ]
    if not rows:
        problems.append(Problem(file_label(path), None, None, "the catalogue has no tag"))
    if problems:
        raise VocabularyError(sorted(problems, key=lambda p: (p.file, p.row or 0)))
    return Catalogue(tuple(tags), columns)


def read_columns(seeds_dir: Path, models_dir: Path) -> dict[str, Column]:
    """Every column that a condition may name, by name.

    Args:
        seeds_dir: Where the CSV files are.
        models_dir: dbt_project/models.

    Raises:
        VocabularyError: The topics of interest are wrong.
    """
    columns, problems = _columns(seeds_dir, models_dir)
    if problems:
        raise VocabularyError(problems)
    return columns


def _problem(path: Path, row: Row, text: str) -> Problem:
    code = row.cells.get("code") or row.cells.get("topic") or row.cells.get("brand")
    return Problem(file_label(path), row.number, shortened(code) if code else None, text)


def _tag(
    row: Row, columns: Mapping[str, Column], binder: duckdb.DuckDBPyConnection
) -> tuple[Tag | None, list[str]]:
    texts = [*_wrong_cells(row)]
    condition = None
    try:
        condition = check_condition(row["expression"], columns, binder)
        texts += _wrong_kind(row["kind"], condition, columns)
    except ConditionError as error:
        texts.append(f"expression: {error}")
    if texts or condition is None:
        return None, texts
    return (
        Tag(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            category=row["category"],
            kind=row["kind"],
            refresh=row["refresh"],
            ttl_days=int(row["ttl_days"]),
            expression=row["expression"],
            condition=condition,
        ),
        [],
    )


def _wrong_cells(row: Row) -> Iterator[str]:
    code = row["code"]
    if not _CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        yield (
            f"the code {shortened(code)!r} must be small letters, digits and single underscores, "
            f"begin with a letter and have at most {LONGEST_CODE} characters, as in coupon_lover"
        )
    for column, language in (("name_zh", "Chinese"), ("name_en", "English")):
        if not row[column]:
            yield f"{column} is empty; every tag needs a name in {language}"
        elif len(row[column]) > LONGEST_NAME:
            yield f"{column} has {len(row[column])} characters; at most {LONGEST_NAME}"
    for column, known in (("category", CATEGORIES), ("kind", KINDS), ("refresh", REFRESHES)):
        if row[column] not in known:
            yield f"{column} is {shortened(row[column])!r}; {_choose(row[column], known)}"
    if not row["owner"]:
        yield "owner is empty; write the team that answers for the tag"
    days = row["ttl_days"]
    if not re.fullmatch(r"[0-9]{1,4}", days) or not 1 <= int(days) <= LONGEST_TTL_DAYS:
        yield (
            f"ttl_days is {shortened(days)!r}; write after how many days without a new run the tag "
            f"should no longer be trusted, 1 to {LONGEST_TTL_DAYS}"
        )
    for column in ("description_zh", "description_en"):
        if not row[column]:
            yield f"{column} is empty; say in a sentence who carries the tag"


def _choose(word: str, known: tuple[str, ...]) -> str:
    close = nearest(word, known)
    return f"did you mean {close[0]}?" if close else f"write one of {', '.join(known)}"


def _wrong_kind(kind: str, condition: Condition, columns: Mapping[str, Column]) -> Iterator[str]:
    of_models = [name for name in condition.columns if columns[name].origin == "models"]
    if of_models and kind != "model":
        yield (
            f"expression: {of_models[0]} is what a model said on the day of the run; "
            "kind has to be model"
        )
    if kind == "model" and not of_models:
        names = [name for name, column in columns.items() if column.origin == "models"]
        yield f"kind is model, but the expression uses none of {', '.join(names)}"


def _duplicates(rows: list[Row], columns: tuple[str, ...]) -> Iterator[tuple[Row, str]]:
    for column in columns:
        first: dict[str, int] = {}
        for row in rows:
            value = row[column].lower()
            if value and value in first:
                yield row, f"{column} {shortened(row[column])!r} stands in row {first[value]} too"
            first.setdefault(value, row.number)


def _segments_of_kinds(path: Path) -> dict[str, tuple[str, ...]]:
    kinds: dict[str, tuple[str, ...]] = {}
    for row in read_rows(path, SEGMENT_COLUMNS):
        kinds[row["kind"]] = (*kinds.get(row["kind"], ()), row["code"])
    return kinds


def _columns(seeds_dir: Path, models_dir: Path) -> tuple[dict[str, Column], list[Problem]]:
    """The columns that conditions know, and what is wrong with the topics among them."""
    path = seeds_dir / TOPICS
    taxonomy = {
        row["code"]: row["level"] for row in read_rows(seeds_dir / TAXONOMY, TAXONOMY_COLUMNS)
    }
    rows = read_rows(path, TOPIC_COLUMNS)
    labels: dict[str, tuple[str, str]] = {}
    problems = []
    for row in rows:
        problems += [_problem(path, row, text) for text in _wrong_topic(row, taxonomy)]
        label = (row["label_zh"], row["label_en"])
        if labels.setdefault(row["topic"], label) != label:
            text = "the labels differ from those of the topic's first row; write the same ones"
            problems.append(_problem(path, row, text))
    of_goods = dict.fromkeys(row["topic"] for row in rows if not row["brand_tier"])
    segments = _segments_of_kinds(seeds_dir / SEGMENTS)
    return known_columns(models_dir, labels, of_goods, segments), problems


def _wrong_topic(row: Row, taxonomy: Mapping[str, str]) -> Iterator[str]:
    if not _CODE.fullmatch(row["topic"]) or row["topic"] == ALL_TOPICS:
        yield (
            f"the topic {shortened(row['topic'])!r} must be small letters, digits and single "
            f"underscores, and not {ALL_TOPICS}"
        )
    for column, language in (("label_zh", "Chinese"), ("label_en", "English")):
        if not row[column]:
            yield f"{column} is empty; every topic needs a label in {language}"
    for column, level in (("category_l1_code", "1"), ("category_l2_code", "2")):
        code = row[column]
        if code and taxonomy.get(code) != level:
            known = tuple(name for name, at in taxonomy.items() if at == level)
            yield f"{column} is {shortened(code)!r}; {_choose(code, known)}"
    if row["brand_tier"] and row["brand_tier"] not in TIERS:
        yield f"brand_tier is {shortened(row['brand_tier'])!r}; {_choose(row['brand_tier'], TIERS)}"
    if not (row["category_l1_code"] or row["category_l2_code"] or row["brand_tier"]):
        yield "names neither a category nor a brand tier; fill at least one of the three"


def _brand_problems(path: Path) -> Iterator[Problem]:
    rows = read_rows(path, BRAND_COLUMNS)
    for row in rows:
        if not row["brand"]:
            yield _problem(path, row, "brand is empty; write it as products name it")
        if row["tier"] not in TIERS:
            yield _problem(
                path, row, f"tier is {shortened(row['tier'])!r}; {_choose(row['tier'], TIERS)}"
            )
    for row, text in _duplicates(rows, ("brand",)):
        yield _problem(path, row, text)
