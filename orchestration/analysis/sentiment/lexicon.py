"""Sentiment by a list of words: what is served before a company has reviews to learn from.

Belongs here: reading the list, negation, intensifiers, the sum of a text.
Does not belong here: the words themselves (seeds/sentiment_lexicon.csv), learning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.sentiment.text import clauses, normalise, term_pattern

LEXICON_COLUMNS = ("term", "polarity", "kind")
KINDS = ("word", "negation", "intensifier")


@dataclass(frozen=True)
class Lexicon:
    """Words with a polarity, and words that turn or stress the next of them.

    Attributes:
        pattern: Finds any term, the longest first.
        terms: Term → (kind, polarity). Of a negation or intensifier the polarity is the factor
            by which the next word of the clause is multiplied.
    """

    pattern: re.Pattern[str]
    terms: dict[str, tuple[str, float]]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Lexicon:
        """Read the rows of the seed.

        Args:
            frame: term, polarity, kind (word, negation, intensifier).

        Raises:
            ValueError: A column is missing, a kind is unknown or a term repeats.
        """
        missing = [column for column in LEXICON_COLUMNS if column not in frame]
        if missing:
            raise ValueError(f"sentiment_lexicon lacks {missing}; has {list(frame.columns)}")
        unknown = sorted(set(frame["kind"]) - set(KINDS))
        if unknown:
            raise ValueError(f"sentiment_lexicon has kinds {unknown}; write one of {list(KINDS)}")
        names = [normalise(term) for term in frame["term"]]
        repeated = pd.Series(names, dtype=object)[lambda terms: terms.duplicated()].tolist()
        if repeated:
            raise ValueError(f"sentiment_lexicon repeats {repeated[:3]}; keep one row per term")
        values = zip(frame["kind"], frame["polarity"].astype(float), strict=True)
        return cls(term_pattern(names), dict(zip(names, values, strict=True)))

    def log_odds(self, texts: list[str]) -> np.ndarray:
        """Sum of the polarities in each text, read as log-odds of praise; float64 (n,).

        NaN where no word of the list occurs: that text says nothing the list can read.
        """
        return np.array([self._sum(normalise(text)) for text in texts], dtype=float)

    def _sum(self, text: str) -> float:
        total, is_read = 0.0, False
        for clause in clauses(text):
            factor = 1.0
            for match in self.pattern.finditer(clause):
                kind, polarity = self.terms[match.group()]
                if kind != "word":
                    factor *= polarity
                elif polarity:
                    # the words before it speak of this one, not of the rest of the clause
                    total += factor * polarity
                    factor, is_read = 1.0, True
        return total if is_read else float("nan")
