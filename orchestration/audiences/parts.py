"""Values of a document, checked where they stand.

Belongs here: what is said when a value is none of those that are known, with its line. Does not
belong here: what a rule or an audience is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from orchestration.audiences.document import Part
from orchestration.audiences.vocabulary import Word
from orchestration.conditions.problems import Problem, nearest, shortened

LONGEST_TEXT = 300


class WrongPartError(ValueError):
    """A part that cannot be understood; whoever reads goes on with the next one."""

    def __init__(self, part: Part, text: str) -> None:
        self.line = part.line
        super().__init__(text)


@dataclass
class Complaints:
    """What is wrong with one file after the other.

    Attributes:
        label: The file that is being read, as people find it.
        problems: Everything that was wrong so far.
    """

    label: str = ""
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int | None, text: str) -> None:
        """Note what is wrong in the file that is being read."""
        self.problems.append(Problem(self.label, None, None, text, line))


def number(
    part: Part, name: str, least: float, most: float, default: float | None = None
) -> float | None:
    """A number among the entries of a part; the default where it is not there."""
    if name not in part.entries:
        return default
    value = part.entries[name].value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongPartError(part.entries[name], f"{name} must be a number")
    if not least <= value <= most:
        raise WrongPartError(
            part.entries[name], f"{name} is {value:g}; it must lie from {least:g} to {most:g}"
        )
    return float(value)


def day(part: Part | None) -> date | None:
    """A day; None where there is no part."""
    if part is None:
        return None
    try:
        return date.fromisoformat(part.text)
    except ValueError:
        raise WrongPartError(
            part, f"{shortened(part.text)!r} is no day; write 2026-03-01"
        ) from None


def words(part: Part, known: Mapping[str, Word], what: str) -> list[Word]:
    """One code or a list of codes, each of them known."""
    if part.value is None or not part.items:
        raise WrongPartError(part, f"no {what} stands here; write its code")
    for item in part.items:
        if item.text not in known:
            raise WrongPartError(item, unknown(what, item.text, known))
    return [known[item.text] for item in part.items]


def text(document: Part, name: str, complaints: Complaints) -> str:
    """A text among the entries of a document; what is wrong with it is noted."""
    part = document.entries.get(name)
    if part is None:
        complaints.add(document.line, f"{name} is missing")
        return ""
    found = " ".join(part.text.split()) if isinstance(part.value, str) else ""
    if not found or len(found) > LONGEST_TEXT:
        complaints.add(part.line, f"{name} must be a text of at most {LONGEST_TEXT} characters")
    return found


def only_known_names(part: Part, known: Iterable[str], what: str, complaints: Complaints) -> None:
    """Note every name among the entries that is none of the known ones."""
    if not part.entries:
        raise WrongPartError(part, f"{what} is written as names and values: {', '.join(known)}")
    for name, value in part.entries.items():
        if name not in known:
            complaints.add(value.line, unknown("name", name, known))


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """That a word is not known, and which one may have been meant."""
    known = sorted(known)
    close = nearest(word, known)
    if close:
        return f"unknown {what} {shortened(word)!r}; did you mean {' or '.join(close)}?"
    return f"unknown {what} {shortened(word)!r}; there are {', '.join(known[:30])}"
