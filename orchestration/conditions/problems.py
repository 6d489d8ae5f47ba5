"""What is wrong in a vocabulary, in words for whoever edits it.

Belongs here: where a problem is and how a list of them reads. Does not belong here: finding them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Problem:
    """One thing to put right.

    Attributes:
        file: File below the project, as people find it.
        row: Row as a spreadsheet numbers it, the header being 1; None for the file as a whole.
        code: Code of the row, where it has one.
        text: What is wrong and what to do about it.
        line: Line of the file, from 1, where it is no table.
    """

    file: str
    row: int | None
    code: str | None
    text: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.file
        if self.row is not None:
            where += f", row {self.row}"
        if self.line is not None:
            where += f", line {self.line}"
        if self.code:
            where += f" ({self.code})"
        return f"{where}: {self.text}"


class VocabularyError(ValueError):
    """A vocabulary, or one that it reads, cannot be used; lists every problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            shown.append(f"... and {len(self.problems) - SHOWN_PROBLEMS} more")
        super().__init__("\n".join(shown))


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words that look like `word`, the most similar first."""
    return get_close_matches(word.lower(), list(known), n=3, cutoff=0.6)


def shortened(text: str, length: int = 40) -> str:
    """The beginning of a text that may be long, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3] + "..."
