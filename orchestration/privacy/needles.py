"""The identifiers that a scan looks for, and the words by which a text gives them away.

Belongs here: what counts as known, spelling it the way texts are cut into words, and words that are
a name and something else. Does not belong here: where is looked (scan.py).

One pass does it: a text becomes a set of words, and each word is looked up. The names of people
are short (two or three characters, no spaces around them), so they are looked for in two ways. A
name of two characters counts where it stands alone; one of three or more also inside a sentence. A
name that is a brand, a place or a word of our own is looked for nowhere: 李宁 is both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestration.sql import literal

if TYPE_CHECKING:
    import duckdb

NAME = "name"
ADDRESS = "address"
# an identifier shorter than this is found everywhere by chance
MIN_CHARACTERS = 6
# lengths at which names are also looked for inside a sentence
NAMES_IN_TEXT = (3, 4)
LONGEST_RUN = 400

_WORD = re.compile(r"[0-9a-z][0-9a-z_.@+*-]{4,}[0-9a-z]")
_DIGITS = re.compile(r"[0-9]{7,}")
_CHINA = re.compile(r"^86(?=1[0-9]{10}$)")
_HAN = re.compile(r"[\u3400-\u9fff\u00b7]{2,}")
_MIXED = re.compile(r"\w{8,}")
_NO_WORD = re.compile(r"\W+")
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


@dataclass(frozen=True)
class Needles:
    """What is looked for.

    Attributes:
        kinds: Each word that gives somebody away, and which kind of identifier it is.
        left_out: Names that are not looked for because they are also other words.
    """

    kinds: Mapping[str, str]
    left_out: int = 0
    _seen_runs: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def found_in(self, text: str) -> Counter[str]:
        """How many different identifiers of each kind a text holds."""
        found = self.kinds.keys() & words(text)
        for run in han_runs(text):
            found.update(self._names_in(run))
        return Counter(self.kinds[word] for word in found)

    def _names_in(self, run: str) -> tuple[str, ...]:
        # the same sentences stand in many places
        if run not in self._seen_runs:
            pieces = {run}
            if len(run) <= LONGEST_RUN:
                pieces.update(
                    run[at : at + length]
                    for length in NAMES_IN_TEXT
                    for at in range(len(run) - length + 1)
                )
            self._seen_runs[run] = tuple(pieces & self.kinds.keys())
        return self._seen_runs[run]


@dataclass
class NeedleCase:
    """Collects identifiers under their kinds.

    Attributes:
        vocabulary: Words that are no name although they look like one.
    """

    vocabulary: frozenset[str] = frozenset()
    _kinds: dict[str, str] = field(default_factory=dict)
    _left_out: set[str] = field(default_factory=set)

    def add(self, kind: str, values: Iterable[str | None]) -> None:
        """Look for these values too."""
        for value in values:
            word = _as_word(kind, value or "")
            if not word:
                continue
            if kind == NAME and word in self.vocabulary:
                self._left_out.add(word)
            else:
                self._kinds.setdefault(word, kind)

    def needles(self) -> Needles:
        """What was collected."""
        return Needles(dict(self._kinds), len(self._left_out))


def words(text: str) -> set[str]:
    """The words of a text apart from Chinese ones, each of which may be an identifier."""
    text = text.lower()
    found = set(_WORD.findall(text))
    found.update(_CHINA.sub("", number) for number in set(_DIGITS.findall(text)))
    if not text.isascii():
        found.update(_MIXED.findall(text))
    return found


def han_runs(text: str) -> set[str]:
    """Chinese characters in a row; escapes of JSON are undone."""
    runs = set() if text.isascii() else set(_HAN.findall(text))
    for escaped in set(_ESCAPED.findall(text)):
        plain = bytes.fromhex(escaped.replace("\\u", "")).decode("utf-16-be", "replace")
        runs.update(_HAN.findall(plain))
    return runs


def own_words(texts: Iterable[str]) -> frozenset[str]:
    """Chinese words that stand in our own vocabularies or name things, so that they are no name."""
    found: set[str] = set()
    for text in texts:
        found.update(_HAN.findall(text))
    return frozenset(found)


def known_identifiers(
    build: duckdb.DuckDBPyConnection, vocabulary: frozenset[str], private: tuple[str, ...]
) -> Needles:
    """Every identifier that the build file knows.

    Numbers by which a source knows its customers are published in the clear where the source's
    contract allows it, so they are no finding.

    Args:
        build: The build file.
        vocabulary: From `own_words`.
        private: Sources whose customer numbers are identifiers (pseudonyms.private_sources).
    """
    listed = ", ".join(literal(source) for source in private) or "''"
    case = NeedleCase(vocabulary)
    for kind, values in build.execute(
        f"""
        select id_type, list(distinct id_value)
        from intermediate.int_identity__identifiers
        where id_value not in (
            select source_customer_id from intermediate.int_identity__records
            where source not in ({listed})
        )
        group by 1
        """  # noqa: S608
    ).fetchall():
        case.add(kind, values)
    for kind, column in ((NAME, "full_name"), (ADDRESS, "address")):
        rows = build.execute(
            f"select distinct {column} from intermediate.int_identity__records"  # noqa: S608
        ).fetchall()
        case.add(kind, (value for (value,) in rows))
    return case.needles()


def _as_word(kind: str, value: str) -> str | None:
    """A value as `words` cuts it out of a text; None when it is too short to mean anything."""
    value = value.strip().lower()
    if kind == NAME:
        return value if _HAN.fullmatch(value) else None
    if kind == ADDRESS:
        value = _NO_WORD.sub("", value)
    elif kind == "phone":
        value = re.sub(r"[^0-9]", "", value)
        value = _CHINA.sub("", value)
    elif ":" in value:
        # a number within a scope, such as appid:openid, gives itself away by its last part
        value = value.rsplit(":", 1)[1]
    return value if len(value) >= MIN_CHARACTERS else None
