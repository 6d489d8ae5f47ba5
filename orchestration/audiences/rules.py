"""The rules of an audience, read and checked.

Belongs here: what may stand under `who`. Does not belong here: the rest of a file (reader), what
rules mean in SQL (plan).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestration.audiences.definition import (
    Alike,
    Did,
    Group,
    InAudience,
    InSegment,
    Listed,
    Rule,
    Scored,
    Tagged,
    Where,
)
from orchestration.audiences.document import Part
from orchestration.audiences.parts import (
    Complaints,
    WrongPartError,
    number,
    only_known_names,
    unknown,
    words,
)
from orchestration.audiences.vocabulary import Vocabulary, Word
from orchestration.conditions.condition import (
    ConditionError,
    bind_texts,
    check_condition,
    open_binder,
)
from orchestration.conditions.problems import shortened

if TYPE_CHECKING:
    import duckdb

    from orchestration.conditions.columns import Column

LONGEST_WINDOW_DAYS = 3650
LARGEST_LOOK_ALIKE = 10_000_000
CODE = re.compile(r"[a-z][a-z0-9_]{2,59}")
_GROUPS = {"all": "all", "any": "any", "not": "none"}


class RuleReader:
    """Reads rules, and notes what is wrong with them."""

    def __init__(self, vocabulary: Vocabulary, codes: set[str], complaints: Complaints) -> None:
        self.vocabulary = vocabulary
        self.codes = codes
        self.complaints = complaints
        self._binders: dict[int, duckdb.DuckDBPyConnection] = {}

    def read(self, part: Part) -> Rule:
        """A rule; what is wrong inside is noted, and the rest is read all the same."""
        if isinstance(part.value, list):
            return self._group("all", part)
        if not part.entries:
            self.complaints.add(part.line, _not_a_rule(part))
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
                raise WrongPartError(part, unknown("rule", name, (*_GROUPS, *readers)))
            return readers[name](part)
        except WrongPartError as error:
            self.complaints.add(error.line, str(error))
            return Group("all", ())

    def _group(self, joined: str, part: Part) -> Group:
        if not part.items or part.value is None:
            self.complaints.add(part.line, "no rule stands here; write at least one")
        return Group(joined, tuple(self.read(item) for item in part.items))

    def _minus(self, part: Part) -> Group:
        """The first without all the others."""
        if len(part.items) < 2:
            self.complaints.add(
                part.line, "minus takes a list: the first rule without those that follow"
            )
        first, *others = (self.read(item) for item in part.items)
        return Group("all", (first, Group("none", tuple(others))))

    def _where(self, part: Part) -> Where:
        return self._condition(part, self.vocabulary.columns)

    def _tag(self, part: Part) -> Tagged:
        return Tagged(*_codes_and_names(words(part, self.vocabulary.tags, "tag")))

    def _segment(self, part: Part) -> Rule:
        if not part.entries:
            raise WrongPartError(
                part, "write the kind and the segments, as in segment: {rfm_group: core}"
            )
        found = []
        for kind, codes in part.entries.items():
            known = self.vocabulary.segments.get(kind)
            if known is None or kind not in self.vocabulary.columns:
                kinds = [k for k in self.vocabulary.segments if k in self.vocabulary.columns]
                raise WrongPartError(codes, unknown("kind of segment", kind, kinds))
            found.append(InSegment(kind, *_codes_and_names(words(codes, known, "segment"))))
        return found[0] if len(found) == 1 else Group("all", tuple(found))

    def _score(self, part: Part) -> Scored:
        names = ("propensity", "category", "at_least", "at_most")
        only_known_names(part, names, "a score", self.complaints)
        subjects = [name for name in names[:2] if name in part.entries]
        if len(subjects) != 1:
            raise WrongPartError(part, "a score names one propensity or one category")
        subject = part.entries[subjects[0]]
        known = (
            self.vocabulary.propensities
            if subjects[0] == "propensity"
            else self.vocabulary.categories
        )
        word = known.get(subject.text)
        if word is None:
            raise WrongPartError(subject, unknown(subjects[0], subject.text, known))
        low, high = (number(part, name, 0, 1) for name in names[2:])
        if low is None and high is None:
            raise WrongPartError(part, "a score needs at_least or at_most, from 0 to 1")
        return Scored(subjects[0], word.code, word.name_en, word.name_zh, low, high)

    def _did(self, part: Part) -> Did:
        names = ("fact", "where", "sum_of", "at_least", "at_most", "within_days")
        only_known_names(part, names, "did", self.complaints)
        entries = part.entries
        if "fact" not in entries:
            raise WrongPartError(
                part, f"did names a fact, one of {', '.join(self.vocabulary.facts)}"
            )
        name = entries["fact"].text
        fact = self.vocabulary.facts.get(name)
        if fact is None:
            raise WrongPartError(entries["fact"], unknown("fact", name, self.vocabulary.facts))
        columns = self.vocabulary.columns_of(fact)
        where = self._condition(entries["where"], columns) if "where" in entries else None
        sum_of = entries.get("sum_of")
        if sum_of is not None:
            numbers = [column.name for column in columns.values() if column.kind == "number"]
            if sum_of.text not in numbers:
                raise WrongPartError(sum_of, unknown("number to add up", sum_of.text, numbers))
        least = number(part, "at_least", 0, 1e12)
        most = number(part, "at_most", 0, 1e12)
        if least is None and most is None:
            least = 1.0
        if least is not None and most is not None and least > most:
            raise WrongPartError(part, f"at_least {least:g} is more than at_most {most:g}")
        within = number(part, "within_days", 1, LONGEST_WINDOW_DAYS)
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
            raise WrongPartError(part, unknown("audience", part.text, self.codes))
        return part.text

    def _list(self, part: Part) -> Listed:
        name = part.text
        if not CODE.fullmatch(name):
            raise WrongPartError(
                part,
                f"{shortened(name)!r} is no name of a list; lists/<name>.csv below STRATA_HOME has "
                "small letters, digits and underscores",
            )
        return Listed(name)

    def _similar_to(self, part: Part) -> Alike:
        only_known_names(part, ("audience", "size"), "similar_to", self.complaints)
        entries = part.entries
        if "audience" not in entries or "size" not in entries:
            raise WrongPartError(part, "similar_to names an audience and a size")
        code = self._known_audience(entries["audience"])
        size = number(part, "size", 1, LARGEST_LOOK_ALIKE)
        return Alike(code, int(size or 0))

    def _condition(self, part: Part, columns: Mapping[str, Column]) -> Where:
        if not isinstance(part.value, str):
            raise WrongPartError(part, "a condition is a text, as in where: order_count >= 3")
        # a database in memory takes longer to open than a condition to try
        if id(columns) not in self._binders:
            self._binders[id(columns)] = open_binder(columns.values())
        binder = self._binders[id(columns)]
        try:
            condition = check_condition(part.value, columns, binder)
        except ConditionError as error:
            raise WrongPartError(part, str(error)) from None
        sql, values = bind_texts(condition)
        return Where(sql, values, condition.columns, " ".join(part.value.split()))


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
