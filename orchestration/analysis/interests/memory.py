"""The same group of interest keeps its code: what a run hands to the next.

Belongs here: the memory of a run, and the codes and names of factors by it.
Does not belong here: fitting factors, wording of labels, where the memory is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.analysis.interests.labels import Label, is_still_true, name_factor
from orchestration.analysis.segmentation.matching import match_clusters

CODE = "interest_{:02d}"


@dataclass(frozen=True)
class KnownFactor:
    """One factor of a run.

    Attributes:
        number: Its lasting number, >= 1.
        label_zh: Chinese name of the group it makes.
        label_en: English name.
        named_categories: Categories that the name speaks of.
        shares: Category → its share in the factor.
    """

    number: int
    label_zh: str
    label_en: str
    named_categories: tuple[str, ...]
    shares: dict[str, float]

    @property
    def code(self) -> str:
        return CODE.format(self.number)


@dataclass(frozen=True)
class InterestMemory:
    """Memory of a run.

    Attributes:
        factors: Factors of the last run that had any.
        next_number: Smallest number never given out: that of a vanished factor is not reused.
        served: What the run served, `model` or `baseline`.
    """

    factors: tuple[KnownFactor, ...] = ()
    next_number: int = 1
    served: str = "baseline"

    def to_dict(self) -> dict[str, Any]:
        """The memory as JSON types."""
        return {
            "factors": [asdict(factor) for factor in self.factors],
            "next_number": self.next_number,
            "served": self.served,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> InterestMemory:
        """Rebuild what to_dict gave.

        Raises:
            ValueError: The mapping is not such a memory.
        """
        try:
            factors = tuple(
                KnownFactor(**{**factor, "named_categories": tuple(factor["named_categories"])})
                for factor in stored["factors"]
            )
            return cls(factors, int(stored["next_number"]), str(stored["served"]))
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"stored interests are not readable ({error}); delete them to start with new codes"
            ) from error

    def on(self, categories: list[str]) -> np.ndarray | None:
        """The factors on another run's categories, or None when they share too little with them.

        What a factor does not know weighs nothing in it; what is not sold any more drops out.
        """
        if not self.factors:
            return None
        shares = np.array(
            [[factor.shares.get(name, 0.0) for name in categories] for factor in self.factors]
        )
        known = shares.sum(axis=1, keepdims=True)
        if (known < 0.5).any():
            return None
        # what was stored in whole comes back to the last digit
        return np.where(known > 1 - 1e-6, shares, shares / known)


def know_factors(
    factors: np.ndarray,
    popularity: np.ndarray,
    categories: pd.DataFrame,
    previous: InterestMemory,
    *,
    max_distance: float,
    notes: list[str],
) -> tuple[KnownFactor, ...]:
    """Give every factor its lasting number and a true name.

    Args:
        factors: Shares, (factors, categories).
        popularity: Shares among all customers.
        categories: category, label_zh, label_en of the columns.
        previous: The last run.
        max_distance: Hellinger distance beyond which two factors are not the same.
        notes: Plain sentences are added.
    """
    names = categories["category"].tolist()
    old = previous.on(names)
    matched: dict[int, int] = {}
    if old is not None:
        # the root mean square of these coordinates is the Hellinger distance
        scale = np.sqrt(len(names) / 2)
        matched = match_clusters(
            scale * np.sqrt(factors), scale * np.sqrt(old), max_distance=max_distance
        )
    labels: dict[int, Label] = {}
    for place, before in matched.items():
        factor = previous.factors[before]
        if is_still_true(factor.named_categories, factors[place], popularity, names):
            labels[place] = Label(factor.label_zh, factor.label_en, factor.named_categories)
        else:
            notes.append(f"'{factor.label_en}' no longer describes its group; it was renamed.")
    next_number = previous.next_number
    known = []
    for place, shares in enumerate(factors):
        if place not in labels:
            labels[place] = name_factor(
                shares,
                popularity,
                names,
                categories["label_zh"].tolist(),
                categories["label_en"].tolist(),
                {label.en for label in labels.values()},
            )
        if place in matched:
            number = previous.factors[matched[place]].number
        else:
            number, next_number = next_number, next_number + 1
        known.append(
            KnownFactor(
                number,
                labels[place].zh,
                labels[place].en,
                labels[place].categories,
                {name: round(float(share), 9) for name, share in zip(names, shares, strict=True)},
            )
        )
    return tuple(known)


def remember(
    known: tuple[KnownFactor, ...], previous: InterestMemory, served: str
) -> InterestMemory:
    """What the next run must know; a run without factors passes the older ones on."""
    if not known:
        return InterestMemory(previous.factors, previous.next_number, served)
    newest = max(factor.number for factor in known) + 1
    return InterestMemory(known, max(previous.next_number, newest), served)
