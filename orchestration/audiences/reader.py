"""The files of dbt_project/audiences, read and checked.

Belongs here: what a file may say, and naming the line that says something else. Does not belong
here: YAML as such (document), what rules mean in SQL (plan).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.audiences.definition import (
    CHANNELS,
    Activation,
    Alike,
    Audience,
    Did,
    Group,
    InAudience,
    InSegment,
    Listed,
    Rule,
    Scored,
    Tagged,
    Where,
    leaves,
)
from orchestration.audiences.document import DocumentError, Part, read_document
from orchestration.audiences.vocabulary import Vocabulary, Word
from orchestration.conditions.condition import (
    ConditionError,
    bind_texts,
    check_condition,
    open_binder,
)
from orchestration.conditions.problems import Problem, VocabularyError, nearest, shortened

if TYPE_CHECKING:
    import duckdb

    from orchestration.conditions.columns import Column

FOLDER = "audiences"
LONGEST_TEXT = 300
MOST_LEAVES = 200
LONGEST_WINDOW_DAYS = 3650
LARGEST_LOOK_ALIKE = 10_000_000
HIGHEST_HOLDOUT = 0.9
_CODE = re.compile(r"[a-z][a-z0-9_]{2,59}")
_FIELDS = (
    *("label_en", "label_zh", "description_en", "description_zh", "owner", "who"),
    *("suppresses", "activation"),
)
_TEXTS = _FIELDS[:5]
_GROUPS = {"all": "all", "any": "any", "not": "none"}
_ACTIVATION = (
    *("campaign", "channel", "offer_code", "offer_en", "offer_zh", "priority", "holdout"),
    *("every_days", "most_per_day", "starts_on", "ends_on"),
)


class _Wrong(ValueError):
    """A part that cannot be understood; the reader goes on with the next one."""

    def __init__(self, part: Part, text: str) -> None:
        self.line = part.line
        super().__init__(text)


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
    problems = reader.problems
    if not problems:
        problems = [*_circles(audiences), *_shared_campaigns(audiences)]
    if problems:
        raise VocabularyError(sorted(problems, key=lambda p: (p.file, p.line or 0)))
    return {code: audiences[code] for code in _ordered(audiences)}


def file_label(code: str) -> str:
    """How the file of an audience is named in messages."""
    return f"dbt_project/{FOLDER}/{code}.yml"


class _Reader:
    """Reads files and gathers what is wrong with them."""

    def __init__(self, vocabulary: Vocabulary, codes: set[str]) -> None:
        self.vocabulary = vocabulary
        self.codes = codes
        self.problems: list[Problem] = []
        self._label = ""
        self._binders: dict[int, duckdb.DuckDBPyConnection] = {}

    def read(self, path: Path) -> Audience | None:
        is_shipped = path.parent.name == FOLDER
        self._label = f"dbt_project/{FOLDER}/{path.name}" if is_shipped else path.name
        known = len(self.problems)
        try:
            document = read_document(path)
            if not _CODE.fullmatch(path.stem):
                raise _Wrong(
                    document,
                    "its name must be 3 to 60 small letters, digits and underscores, as in "
                    "sleeping_big_spenders.yml",
                )
            audience = self._audience(path, document)
        except DocumentError as error:
            self._add(error.line, str(error))
        except _Wrong as error:
            self._add(error.line, str(error))
        return audience if len(self.problems) == known else None

    def _add(self, line: int | None, text: str) -> None:
        self.problems.append(Problem(self._label, None, None, text, line))

    def _audience(self, path: Path, document: Part) -> Audience:
        self._known_names(document, _FIELDS, "an audience")
        texts = {name: self._text(document, name) for name in _TEXTS}
        entries = document.entries
        rule: Rule = Group("all", ())
        if "who" in entries:
            rule = self._rule(entries["who"])
            if sum(1 for _ in leaves(rule)) > MOST_LEAVES:
                self._add(entries["who"].line, f"more than {MOST_LEAVES} rules; use a list")
        else:
            self._add(document.line, "who is missing; it says who is in the audience")
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

    # -- rules ------------------------------------------------------------------------------------

    def _rule(self, part: Part) -> Rule:
        """A rule; what is wrong inside is noted, and the rest is read all the same."""
        if isinstance(part.value, list):
            return self._group("all", part)
        if not part.entries:
            self._add(part.line, _not_a_rule(part))
            return Group("all", ())
        if len(part.entries) > 1:
            # several in one are all meant, as in a list
            return Group(
                "all", tuple(self._one(name, value) for name, value in part.entries.items())
            )
        ((name, value),) = part.entries.items()
        return self._one(name, value)

    def _one(self, name: str, part: Part) -> Rule:
        if name in _GROUPS:
            return self._group(_GROUPS[name], part)
        readers: dict[str, Callable[[Part], Rule]] = {
            "where": self._where,
            "tag": self._tag,
            "segment": self._segment,
            "score": self._score,
            "did": self._did,
            "audience": self._audiences,
            "list": self._list,
            "similar_to": self._similar_to,
            "minus": self._minus,
        }
        try:
            if name not in readers:
                raise _Wrong(part, _unknown("rule", name, (*_GROUPS, *readers)))
            return readers[name](part)
        except _Wrong as error:
            self._add(error.line, str(error))
            return Group("all", ())

    def _group(self, joined: str, part: Part) -> Group:
        if not part.items or part.value is None:
            self._add(part.line, "no rule stands here; write at least one")
        return Group(joined, tuple(self._rule(item) for item in part.items))

    def _minus(self, part: Part) -> Group:
        """The first without all the others."""
        if len(part.items) < 2:
            self._add(part.line, "minus takes a list: the first rule without those that follow")
        first, *others = (self._rule(item) for item in part.items)
        return Group("all", (first, Group("none", tuple(others))))

    def _where(self, part: Part) -> Where:
        return self._condition(part, self.vocabulary.columns)

    def _tag(self, part: Part) -> Tagged:
        words = self._words(part, self.vocabulary.tags, "tag")
        return Tagged(*_codes_and_names(words))

    def _segment(self, part: Part) -> Rule:
        if not part.entries:
            raise _Wrong(part, "write the kind and the segments, as in segment: {rfm_group: core}")
        found = []
        for kind, codes in part.entries.items():
            known = self.vocabulary.segments.get(kind)
            if known is None or kind not in self.vocabulary.columns:
                kinds = [k for k in self.vocabulary.segments if k in self.vocabulary.columns]
                raise _Wrong(codes, _unknown("kind of segment", kind, kinds))
            found.append(InSegment(kind, *_codes_and_names(self._words(codes, known, "segment"))))
        return found[0] if len(found) == 1 else Group("all", tuple(found))

    def _score(self, part: Part) -> Scored:
        names = ("propensity", "category", "at_least", "at_most")
        self._known_names(part, names, "a score")
        subjects = [name for name in names[:2] if name in part.entries]
        if len(subjects) != 1:
            raise _Wrong(part, "a score names one propensity or one category")
        subject = part.entries[subjects[0]]
        known: Iterable[str] = (
            self.vocabulary.propensities
            if subjects[0] == "propensity"
            else self.vocabulary.categories
        )
        if subject.text not in known:
            raise _Wrong(subject, _unknown(subjects[0], subject.text, known))
        low, high = (self._number(part, name, 0, 1) for name in names[2:])
        if low is None and high is None:
            raise _Wrong(part, "a score needs at_least or at_most, from 0 to 1")
        return Scored(subjects[0], subject.text, low, high)

    def _did(self, part: Part) -> Did:
        names = ("fact", "where", "sum_of", "at_least", "at_most", "within_days")
        self._known_names(part, names, "did")
        entries = part.entries
        if "fact" not in entries:
            raise _Wrong(part, f"did names a fact, one of {', '.join(self.vocabulary.facts)}")
        name = entries["fact"].text
        fact = self.vocabulary.facts.get(name)
        if fact is None:
            raise _Wrong(entries["fact"], _unknown("fact", name, self.vocabulary.facts))
        columns = self.vocabulary.columns_of(fact)
        where = self._condition(entries["where"], columns) if "where" in entries else None
        sum_of = entries.get("sum_of")
        if sum_of is not None:
            numbers = [column.name for column in columns.values() if column.kind == "number"]
            if sum_of.text not in numbers:
                raise _Wrong(sum_of, _unknown("number to add up", sum_of.text, numbers))
        least = self._number(part, "at_least", 0, 1e12)
        most = self._number(part, "at_most", 0, 1e12)
        if least is None and most is None:
            least = 1.0
        if least is not None and most is not None and least > most:
            raise _Wrong(part, f"at_least {least:g} is more than at_most {most:g}")
        within = self._number(part, "within_days", 1, LONGEST_WINDOW_DAYS)
        return Did(
            fact=fact,
            where=where,
            sum_of=sum_of.text if sum_of else None,
            at_least=least,
            at_most=most,
            within_days=int(within) if within is not None else None,
        )

    def _audiences(self, part: Part) -> Rule:
        found = [InAudience(self._known_audience(item)) for item in part.items]
        return found[0] if len(found) == 1 else Group("any", tuple(found))

    def _known_audience(self, part: Part) -> str:
        if part.text not in self.codes:
            raise _Wrong(part, _unknown("audience", part.text, self.codes))
        return part.text

    def _list(self, part: Part) -> Listed:
        name = part.text
        if not _CODE.fullmatch(name):
            raise _Wrong(
                part,
                f"{shortened(name)!r} is no name of a list; lists/<name>.csv below STRATA_HOME has "
                "small letters, digits and underscores",
            )
        return Listed(name)

    def _similar_to(self, part: Part) -> Alike:
        self._known_names(part, ("audience", "size"), "similar_to")
        entries = part.entries
        if "audience" not in entries or "size" not in entries:
            raise _Wrong(part, "similar_to names an audience and a size")
        code = self._known_audience(entries["audience"])
        size = self._number(part, "size", 1, LARGEST_LOOK_ALIKE)
        return Alike(code, int(size or 0))

    # -- what is done with it ---------------------------------------------------------------------

    def _activation(self, code: str, part: Part) -> Activation | None:
        self._known_names(part, _ACTIVATION, "activation")
        entries = part.entries
        channel = entries["channel"].text if "channel" in entries else ""
        if channel not in (*CHANNELS, "best"):
            self._add(part.line, _unknown("channel", channel, (*CHANNELS, "best")))
        offer_code = entries["offer_code"].text if "offer_code" in entries else "none"
        campaign = entries["campaign"].text if "campaign" in entries else code
        for name, value in (("campaign", campaign), ("offer_code", offer_code)):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", value):
                self._add(entries[name].line, f"{name} may hold letters, digits, - and _ only")
        try:
            days = [self._day(entries.get(name)) for name in ("starts_on", "ends_on")]
            if all(days) and days[0] > days[1]:
                raise _Wrong(part, f"it ends on {days[1]}, before it starts on {days[0]}")
            numbers = {
                "priority": self._number(part, "priority", 1, 1000, 100),
                "holdout": self._number(part, "holdout", 0, HIGHEST_HOLDOUT, 0.1),
                "every_days": self._number(part, "every_days", 1, LONGEST_WINDOW_DAYS, 30),
            }
            most = self._number(part, "most_per_day", 1, 1e9)
        except _Wrong as error:
            self._add(error.line, str(error))
            return None
        return Activation(
            campaign=campaign,
            channel=channel,
            offer_code=offer_code,
            offer_en=self._text(part, "offer_en"),
            offer_zh=self._text(part, "offer_zh"),
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
                self._add(item.line, _unknown("channel", item.text, (*CHANNELS, "all")))

    # -- values -----------------------------------------------------------------------------------

    def _condition(self, part: Part, columns: Mapping[str, Column]) -> Where:
        if not isinstance(part.value, str):
            raise _Wrong(part, "a condition is a text, as in where: order_count >= 3")
        # a database in memory takes longer to open than a condition to try
        if id(columns) not in self._binders:
            self._binders[id(columns)] = open_binder(columns.values())
        binder = self._binders[id(columns)]
        try:
            condition = check_condition(part.value, columns, binder)
        except ConditionError as error:
            raise _Wrong(part, str(error)) from None
        sql, values = bind_texts(condition)
        return Where(sql, values, condition.columns, " ".join(part.value.split()))

    def _words(self, part: Part, known: Mapping[str, Word], what: str) -> list[Word]:
        if part.value is None or not part.items:
            raise _Wrong(part, f"no {what} stands here; write its code")
        for item in part.items:
            if item.text not in known:
                raise _Wrong(item, _unknown(what, item.text, known))
        return [known[item.text] for item in part.items]

    def _number(
        self, part: Part, name: str, least: float, most: float, default: float | None = None
    ) -> float | None:
        if name not in part.entries:
            return default
        value = part.entries[name].value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _Wrong(part.entries[name], f"{name} must be a number")
        if not least <= value <= most:
            raise _Wrong(
                part.entries[name], f"{name} is {value:g}; it must lie from {least:g} to {most:g}"
            )
        return float(value)

    def _day(self, part: Part | None) -> date | None:
        if part is None:
            return None
        try:
            return date.fromisoformat(part.text)
        except ValueError:
            raise _Wrong(part, f"{shortened(part.text)!r} is no day; write 2026-03-01") from None

    def _text(self, document: Part, name: str) -> str:
        part = document.entries.get(name)
        if part is None:
            self._add(document.line, f"{name} is missing")
            return ""
        text = " ".join(str(part.value).split()) if isinstance(part.value, str) else ""
        if not text or len(text) > LONGEST_TEXT:
            self._add(part.line, f"{name} must be a text of at most {LONGEST_TEXT} characters")
        return text

    def _known_names(self, part: Part, known: Iterable[str], what: str) -> None:
        if not part.entries:
            raise _Wrong(part, f"{what} is written as names and values: {', '.join(known)}")
        for name, value in part.entries.items():
            if name not in known:
                self._add(value.line, _unknown("name", name, known))


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


def _codes_and_names(words: list[Word]) -> tuple[tuple[str, ...], ...]:
    return (
        tuple(word.code for word in words),
        tuple(word.name_en for word in words),
        tuple(word.name_zh for word in words),
    )


def _not_a_rule(part: Part) -> str:
    if part.value is None:
        return "no rule stands here; write at least one"
    return (
        f"{shortened(part.text)!r} is no rule; write for example where: order_count >= 3, "
        "or tag: frequent_snacks"
    )


def _unknown(what: str, word: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = nearest(word, known)
    if close:
        return f"unknown {what} {shortened(word)!r}; did you mean {' or '.join(close)}?"
    return f"unknown {what} {shortened(word)!r}; there are {', '.join(known[:30])}"


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
