"""The files of dbt_project/audiences, read and checked.

Belongs here: what a file may say beside its rules, and how audiences depend on each other. Does not
belong here: YAML as such (document), rules (rules), what they mean in SQL (plan).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestration.audiences.definition import (
    CHANNELS,
    Activation,
    Alike,
    Audience,
    Group,
    InAudience,
    Rule,
    leaves,
)
from orchestration.audiences.document import DocumentError, Part, read_document
from orchestration.audiences.parts import (
    Complaints,
    WrongPartError,
    day,
    number,
    only_known_names,
    text,
    unknown,
)
from orchestration.audiences.rules import CODE, LONGEST_WINDOW_DAYS, RuleReader
from orchestration.audiences.vocabulary import Vocabulary
from orchestration.conditions.problems import Problem, VocabularyError

FOLDER = "audiences"
MOST_LEAVES = 200
HIGHEST_HOLDOUT = 0.9
_FIELDS = (
    *("label_en", "label_zh", "description_en", "description_zh", "owner", "who"),
    *("suppresses", "activation"),
)
_TEXTS = _FIELDS[:5]
_ACTIVATION = (
    *("campaign", "channel", "offer_code", "offer_en", "offer_zh", "priority", "holdout"),
    *("every_days", "most_per_day", "starts_on", "ends_on"),
)


def read_audiences(
    project_dir: Path, seeds_dir: Path, *, draft: Path | None = None, only: str | None = None
) -> dict[str, Audience]:
    """Every audience by code, those that others look at before the others.

    Args:
        project_dir: The dbt project.
        seeds_dir: The vocabularies that rules name.
        draft: A file elsewhere that is read with them, in place of one of its name.
        only: Read this audience and what it looks at, and leave the others unread.

    Raises:
        VocabularyError: A file is wrong; lists every problem with its line.
    """
    paths = {path.stem: path for path in sorted((project_dir / FOLDER).glob("*.y*ml"))}
    if draft is not None:
        paths[draft.stem] = draft
    reader = _Reader(Vocabulary(project_dir, seeds_dir), set(paths))
    audiences: dict[str, Audience] = {}
    waiting = list(paths) if only is None else [only]
    while waiting:
        code = waiting.pop()
        if code in audiences or code not in paths:
            continue
        audience = reader.read(paths[code])
        if audience is not None:
            audiences[code] = audience
            waiting += _looks_at(audience)
    problems = reader.complaints.problems
    if not problems:
        problems = [*_circles(audiences), *_shared_campaigns(audiences)]
    if problems:
        raise VocabularyError(sorted(problems, key=lambda p: (p.file, p.line or 0)))
    return {code: audiences[code] for code in _ordered(audiences)}


def file_label(code: str) -> str:
    """How the file of an audience is named in messages."""
    return f"dbt_project/{FOLDER}/{code}.yml"


class _Reader:
    """Reads files, and notes what is wrong with them."""

    def __init__(self, vocabulary: Vocabulary, codes: set[str]) -> None:
        self.complaints = Complaints()
        self.rules = RuleReader(vocabulary, codes, self.complaints)

    def read(self, path: Path) -> Audience | None:
        is_shipped = path.parent.name == FOLDER
        self.complaints.label = f"dbt_project/{FOLDER}/{path.name}" if is_shipped else path.name
        known = len(self.complaints.problems)
        try:
            document = read_document(path)
            if not CODE.fullmatch(path.stem):
                raise WrongPartError(
                    document,
                    "its name must be 3 to 60 small letters, digits and underscores, as in "
                    "sleeping_big_spenders.yml",
                )
            audience = self._audience(path, document)
        except DocumentError as error:
            self.complaints.add(error.line, str(error))
        except WrongPartError as error:
            self.complaints.add(error.line, str(error))
        return audience if len(self.complaints.problems) == known else None

    def _audience(self, path: Path, document: Part) -> Audience:
        only_known_names(document, _FIELDS, "an audience", self.complaints)
        texts = {name: text(document, name, self.complaints) for name in _TEXTS}
        entries = document.entries
        rule: Rule = Group("all", ())
        if "who" in entries:
            rule = self.rules.read(entries["who"])
            if sum(1 for _ in leaves(rule)) > MOST_LEAVES:
                self.complaints.add(
                    entries["who"].line, f"more than {MOST_LEAVES} rules; use a list"
                )
        else:
            self.complaints.add(document.line, "who is missing; it says who is in the audience")
        activation = None
        if "activation" in entries:
            activation = self._activation(path.stem, entries["activation"])
        return Audience(
            code=path.stem,
            rule=rule,
            written=_written(entries["who"]) if "who" in entries else "",
            suppresses=tuple(self._channels(entries.get("suppresses"))),
            activation=activation,
            **texts,
        )

    def _activation(self, code: str, part: Part) -> Activation | None:
        only_known_names(part, _ACTIVATION, "activation", self.complaints)
        entries = part.entries
        channel = entries["channel"].text if "channel" in entries else ""
        if channel not in (*CHANNELS, "best"):
            self.complaints.add(part.line, unknown("channel", channel, (*CHANNELS, "best")))
        offer_code = entries["offer_code"].text if "offer_code" in entries else "none"
        campaign = entries["campaign"].text if "campaign" in entries else code
        for name, value in (("campaign", campaign), ("offer_code", offer_code)):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", value):
                self.complaints.add(
                    entries[name].line, f"{name} may hold letters, digits, - and _ only"
                )
        try:
            days = [day(entries.get(name)) for name in ("starts_on", "ends_on")]
            if all(days) and days[0] > days[1]:
                raise WrongPartError(part, f"it ends on {days[1]}, before it starts on {days[0]}")
            numbers = {
                "priority": number(part, "priority", 1, 1000, 100),
                "holdout": number(part, "holdout", 0, HIGHEST_HOLDOUT, 0.1),
                "every_days": number(part, "every_days", 1, LONGEST_WINDOW_DAYS, 30),
            }
            most = number(part, "most_per_day", 1, 1e9)
        except WrongPartError as error:
            self.complaints.add(error.line, str(error))
            return None
        return Activation(
            campaign=campaign,
            channel=channel,
            offer_code=offer_code,
            offer_en=text(part, "offer_en", self.complaints),
            offer_zh=text(part, "offer_zh", self.complaints),
            priority=int(numbers["priority"]),
            holdout=float(numbers["holdout"]),
            every_days=int(numbers["every_days"]),
            most_per_day=int(most) if most is not None else None,
            starts_on=days[0],
            ends_on=days[1],
        )

    def _channels(self, part: Part | None) -> Iterator[str]:
        for item in part.items if part else []:
            if item.text == "all":
                yield from CHANNELS
            elif item.text in CHANNELS:
                yield item.text
            else:
                self.complaints.add(item.line, unknown("channel", item.text, (*CHANNELS, "all")))


def _circles(audiences: Mapping[str, Audience]) -> Iterator[Problem]:
    for code in audiences:
        path = _way_back(code, audiences)
        if path:
            yield Problem(file_label(code), None, None, f"it is made of itself: {' → '.join(path)}")


def _way_back(code: str, audiences: Mapping[str, Audience]) -> list[str]:
    """A way from an audience to itself; empty where there is none."""
    ways = [[code, other] for other in _looks_at(audiences[code])]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == code:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, other] for other in _looks_at(audiences[way[-1]])]
    return []


def _looks_at(audience: Audience) -> list[str]:
    return [leaf.code for leaf in leaves(audience.rule) if isinstance(leaf, (InAudience, Alike))]


def _ordered(audiences: Mapping[str, Audience]) -> list[str]:
    done: list[str] = []
    waiting = sorted(audiences)
    while waiting:
        ready = [code for code in waiting if set(_looks_at(audiences[code])) <= set(done)]
        done += ready
        waiting = [code for code in waiting if code not in ready]
    return done


def _shared_campaigns(audiences: Mapping[str, Audience]) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for code, audience in audiences.items():
        if audience.activation is None:
            continue
        first = owner.setdefault(audience.activation.campaign, code)
        if first != code:
            yield Problem(
                file_label(code),
                None,
                None,
                f"its campaign {audience.activation.campaign!r} is that of {first} too; one "
                "campaign is one audience, or its effect cannot be told",
            )


def _written(part: Part) -> str:
    """A rule on one line, as people read it in lists."""
    if isinstance(part.value, dict):
        return ", ".join(f"{name}: {_inner(value)}" for name, value in part.entries.items())
    return _inner(part)


def _inner(part: Part) -> str:
    if isinstance(part.value, dict):
        return f"{{{_written(part)}}}"
    if isinstance(part.value, list):
        return f"[{', '.join(_inner(item) for item in part.items)}]"
    return " ".join(part.text.split())
