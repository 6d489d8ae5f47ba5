"""Names of groups of interest in two languages, made of the categories that set them apart.

Belongs here: choosing the categories, and the words around them. Does not belong here: finding
factors, matching them between runs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

# a second category is named when it says at least this part of what the first says
ALSO_SPEAKING = 0.35
NAMED_CATEGORIES = 2
# a kept name must still be true: its categories are this many times as frequent as elsewhere
STILL_TRUE_LIFT = 1.2


@dataclass(frozen=True)
class Label:
    """A name and the categories it speaks of."""

    zh: str
    en: str
    categories: tuple[str, ...] = ()


BROAD = Label("兴趣广泛", "Broad interests")
UNKNOWN = Label("兴趣未知", "Interests not known yet")


def fans(words_zh: Sequence[str], words_en: Sequence[str], categories: Sequence[str] = ()) -> Label:
    """护肤·彩妆爱好者 / Skincare and make-up fans."""
    return Label("·".join(words_zh) + "爱好者", f"{_listed(words_en)} fans", tuple(categories))


def distinction(factor: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """What each category says about a factor: its part of the divergence from popularity."""
    return factor * np.log(np.maximum(factor, 1e-12) / popularity)


def name_factor(
    factor: np.ndarray,
    popularity: np.ndarray,
    categories: Sequence[str],
    labels_zh: Sequence[str],
    labels_en: Sequence[str],
    taken: Collection[str],
) -> Label:
    """Name a factor after the categories that it lifts most.

    Args:
        factor: Shares of the categories in the factor.
        popularity: Their shares among all customers.
        categories: Their codes.
        labels_zh: Their Chinese names.
        labels_en: Their English names.
        taken: English labels already in use; another category is added until the name is free.
    """
    says = np.round(distinction(factor, popularity), 9)
    ranked = sorted(range(len(categories)), key=lambda place: (-says[place], categories[place]))
    loud = [place for place in ranked if says[place] >= ALSO_SPEAKING * says[ranked[0]]]
    first = min(NAMED_CATEGORIES, len(loud))
    for count in range(first, len(ranked) + 1):
        named = ranked[:count]
        label = fans(
            [labels_zh[place] for place in named],
            [labels_en[place] for place in named],
            [categories[place] for place in named],
        )
        if label.en not in taken:
            return label
    number = 2
    while f"{label.en} {number}" in taken:
        number += 1
    return Label(f"{label.zh}{number}", f"{label.en} {number}", label.categories)


def is_still_true(
    named: Collection[str],
    factor: np.ndarray,
    popularity: np.ndarray,
    categories: Sequence[str],
) -> bool:
    """Whether the categories that a name speaks of still stand out in the factor."""
    place = {category: number for number, category in enumerate(categories)}
    return all(
        category in place
        and factor[place[category]] >= STILL_TRUE_LIFT * popularity[place[category]]
        for category in named
    )


def _listed(words: Sequence[str]) -> str:
    """Skincare, make-up and hair care."""
    later = [word if word[:2].isupper() else word[:1].lower() + word[1:] for word in words[1:]]
    parts = [*words[:1], *later]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
