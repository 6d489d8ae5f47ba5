"""What a review speaks of, and in which of its clauses.

Belongs here: finding aspects by their words. Does not belong here: the words themselves
(seeds/review_aspect.csv), what is said of an aspect (model, lexicon).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from orchestration.analysis.sentiment.text import clauses, normalise, term_pattern


@dataclass(frozen=True)
class AspectWords:
    """Words that name an aspect.

    Attributes:
        pattern: Finds any of them, the longest first.
        aspects: Word → aspect.
    """

    pattern: re.Pattern[str]
    aspects: dict[str, str]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> AspectWords:
        """Read the rows of the seed: term, aspect.

        Raises:
            ValueError: A column is missing.
        """
        missing = [column for column in ("term", "aspect") if column not in frame]
        if missing:
            raise ValueError(f"review_aspect lacks {missing}; has {list(frame.columns)}")
        names = [normalise(term) for term in frame["term"]]
        return cls(term_pattern(names), dict(zip(names, frame["aspect"], strict=True)))

    def clauses(self, text: str) -> list[tuple[str, str]]:
        """(aspect, clause) for every aspect that a clause of the text names, in order."""
        return [
            (aspect, clause)
            for clause in clauses(normalise(text))
            for aspect in dict.fromkeys(
                self.aspects[match.group()] for match in self.pattern.finditer(clause)
            )
        ]
