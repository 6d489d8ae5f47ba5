"""An audience while it is being put together: its YAML, who is in it, and keeping it.

Belongs here: from choices to a file, reading it as `strata audience` does, counting it in the
published file, writing it. Does not belong here: drawing, what rules mean (audiences/plan).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
import yaml

from orchestration.audiences.definition import CHANNELS
from orchestration.audiences.members import open_finder
from orchestration.audiences.reader import FOLDER, read_audiences
from orchestration.audiences.report import reach_sql
from orchestration.dashboard.published import build, settings
from orchestration.publishing.reader import open_published
from orchestration.settings import DBT_PROJECT_DIR, SEEDS_DIR

#: Where audiences are kept; a test looks elsewhere.
PROJECT_DIR = DBT_PROJECT_DIR


class AudienceExistsError(ValueError):
    """A file of that name is there already."""


@dataclass(frozen=True)
class Choices:
    """What somebody picked. An empty choice leaves its rule out.

    Attributes:
        code: Name of the file.
        label_zh: Chinese name.
        label_en: English name.
        owner: The team that answers for it.
        joined: all or any of the rules must hold.
        kind: Kind of segment.
        segments: Segments of the kind, one of which must hold.
        tags: Tags, one of which must be carried.
        condition: A condition on the customer's row.
        propensity: A propensity to look at.
        at_least: The least it must be, 0 to 1.
        without_tags: Whoever carries one of these is left out.
        without_audiences: Whoever is in one of these is left out.
    """

    code: str
    label_zh: str
    label_en: str
    owner: str
    joined: str = "all"
    kind: str | None = None
    segments: Sequence[str] = ()
    tags: Sequence[str] = ()
    condition: str = ""
    propensity: str | None = None
    at_least: float = 0.5
    without_tags: Sequence[str] = ()
    without_audiences: Sequence[str] = ()


@dataclass(frozen=True)
class Counted:
    """Who is in an audience, in the published file.

    Attributes:
        members: How many.
        customers: How many customers there are at all.
        reach: Channel and how many of the members may be written to there.
        notes: What somebody should know of the count.
    """

    members: int
    customers: int
    reach: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def as_yaml(choices: Choices) -> str:
    """The file; it has no rule while nothing is picked."""
    rules: list[dict] = []
    if choices.kind and choices.segments:
        rules.append({"segment": {choices.kind: list(choices.segments)}})
    if choices.tags:
        rules.append({"tag": list(choices.tags)})
    if choices.condition.strip():
        rules.append({"where": choices.condition.strip()})
    if choices.propensity:
        rules.append(
            {"score": {"propensity": choices.propensity, "at_least": round(choices.at_least, 2)}}
        )
    who = [{"any": rules}] if choices.joined == "any" and len(rules) > 1 else rules
    without: list[dict] = []
    if choices.without_tags:
        without.append({"tag": list(choices.without_tags)})
    if choices.without_audiences:
        without.append({"audience": list(choices.without_audiences)})
    if without:
        who = [*who, {"not": without}]
    document = {
        "label_en": choices.label_en,
        "label_zh": choices.label_zh,
        "description_en": f"{choices.label_en}.",
        "description_zh": f"{choices.label_zh}。",
        "owner": choices.owner,
        "who": who,
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)


def count(code: str, text: str) -> Counted:
    """Count the members of an audience that is written so.

    Raises:
        VocabularyError: The text is wrong; says where and how.
        ListError: A list that it names cannot be read.
        TooLargeError: The rule has become too long.
        NothingPublishedError: No run has published yet.
    """
    return _count(code, text, build())


@st.cache_data(max_entries=50, show_spinner=False)
def _count(code: str, text: str, of_build: tuple[int, int]) -> Counted:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{code}.yml"
        path.write_text(text, encoding="utf-8")
        audiences = read_audiences(PROJECT_DIR, SEEDS_DIR, draft=path, only=code)
    with open_published(settings().published_file) as connection:
        finder = open_finder(connection, audiences, settings(), "main")
        members = finder.store(audiences[code], "temp.draft")
        customers = connection.execute("select count(*) from customer_360").fetchone()[0]
        counts = connection.execute(reach_sql("temp.draft")).fetchone()
        return Counted(
            members,
            customers,
            tuple(zip(CHANNELS, counts, strict=True)),
            tuple(finder.notes),
        )


def file_of(code: str) -> Path:
    """Where an audience of that code is kept."""
    return PROJECT_DIR / FOLDER / f"{code}.yml"


def may_save() -> bool:
    """Whether whoever runs the page may write there."""
    return os.access(PROJECT_DIR / FOLDER, os.W_OK)


def save(code: str, text: str, *, replaces: bool) -> Path:
    """Keep the audience as a file; the next run takes it up.

    Raises:
        AudienceExistsError: It is there already and nobody said that it may be replaced.
    """
    path = file_of(code)
    if path.exists() and not replaces:
        raise AudienceExistsError(f"{path.name} is there already")
    aside = path.with_suffix(".partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
    return path
