"""Customers with known tastes for the tests and benchmarks of interests.

Belongs here: drawing tastes, and signs of interest from them. Does not belong here: assertions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

#: department: its categories. The first two of a department are liked together, and so are some
#: across departments.
DEPARTMENTS = {
    "beauty": ("skincare", "makeup", "hair_care"),
    "sports": ("camping", "cycling", "fitness"),
    "baby": ("diapers", "baby_food", "toys"),
    "electronics": ("phones", "audio", "wearables"),
    "food": ("snacks", "coffee_tea", "staples"),
    "home": ("bedding", "kitchenware", "storage"),
}
LABELS_ZH = {"skincare": "护肤", "makeup": "彩妆", "camping": "露营装备", "cycling": "骑行"}
#: What each kind of customer likes, and how much of it.
KINDS = {
    "beauty": {"skincare": 0.5, "makeup": 0.4},
    "outdoors": {"camping": 0.5, "cycling": 0.35},
    "parents": {"diapers": 0.45, "baby_food": 0.45},
    "tech": {"phones": 0.45, "audio": 0.4},
}


class Tastes(NamedTuple):
    """acts and categories as find_interests takes them; kind of each customer, by customer_id."""

    acts: pd.DataFrame
    categories: pd.DataFrame
    kinds: pd.Series


def described(departments: dict[str, tuple[str, ...]] = DEPARTMENTS) -> pd.DataFrame:
    """The categories with labels; English ones are the codes in words."""
    rows = [
        (
            category,
            department,
            LABELS_ZH.get(category, f"类{category}"),
            category.replace("_", " ").capitalize(),
            f"部{department}",
            department.capitalize(),
        )
        for department, members in departments.items()
        for category in members
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "category",
            "department",
            "label_zh",
            "label_en",
            "department_label_zh",
            "department_label_en",
        ],
    )


def planted(customers: int, *, seed: int, mean_signs: float = 14.0, mix: float = 0.5) -> Tastes:
    """Customers of four kinds, each of whom leans to one or the other liking of the kind.

    Args:
        customers: How many.
        seed: Seed.
        mean_signs: Mean signs per customer.
        mix: Concentration of a customer's own leaning; small leans hard, so that what is liked
            together is news to whoever looks at the customer alone.
    """
    generator = np.random.default_rng(seed)
    categories = described()
    names = categories["category"].tolist()
    kinds = generator.integers(0, len(KINDS), customers)
    shares = np.full((customers, len(names)), 0.1 / len(names))
    for number, likes in enumerate(KINDS.values()):
        members = np.flatnonzero(kinds == number)
        lean = generator.dirichlet(np.full(len(likes), mix), len(members))
        for place, name in enumerate(likes):
            shares[members, names.index(name)] += 0.9 * (0.25 + 0.5 * lean[:, place])
    return _drawn(generator, shares, names, categories, mean_signs, list(KINDS), kinds)


def popular(customers: int, *, seed: int, mean_signs: float = 14.0) -> Tastes:
    """Everybody likes what is popular; nobody is different."""
    generator = np.random.default_rng(seed)
    categories = described()
    names = categories["category"].tolist()
    share = 1.0 / (np.arange(len(names)) + 2.0)
    shares = np.tile(share, (customers, 1))
    kinds = np.zeros(customers, dtype=int)
    return _drawn(generator, shares, names, categories, mean_signs, ["alike"], kinds)


def _drawn(
    generator: np.random.Generator,
    shares: np.ndarray,
    names: list[str],
    categories: pd.DataFrame,
    mean_signs: float,
    kind_names: list[str],
    kinds: np.ndarray,
) -> Tastes:
    """Signs before both windows, in the one that chooses and in the one that grades."""
    shares = shares / shares.sum(axis=1, keepdims=True)
    ids = np.array([f"c{number:07d}" for number in range(len(shares))])
    signs = 1 + generator.poisson(mean_signs - 1, len(shares))
    early, choosing, grading = (
        generator.multinomial(generator.binomial(signs, part), shares) for part in (0.6, 0.2, 0.2)
    )
    total = early + choosing + grading
    row, column = np.nonzero(total)
    acts = pd.DataFrame(
        {
            "customer_id": ids[row],
            "category": np.array(names)[column],
            "act_count": total[row, column],
            "choosing_act_count": choosing[row, column],
            "grading_act_count": grading[row, column],
        }
    )
    return Tastes(acts, categories, pd.Series(np.array(kind_names)[kinds], index=ids))


def many(customers: int, *, seed: int, categories: int = 40, mean_signs: float = 14.0) -> Tastes:
    """A great many customers over made-up categories, in batches, as an Arrow table."""
    generator = np.random.default_rng(seed)
    departments = {
        f"department_{d}": tuple(f"category_{d}_{c}" for c in range(categories // 8))
        for d in range(8)
    }
    described_categories = described(departments)
    names = np.array(described_categories["category"])
    likes = generator.dirichlet(np.full(len(names), 0.05), 10)
    parts = []
    for start in range(0, customers, 50_000):
        count = min(50_000, customers - start)
        mixture = generator.dirichlet(np.full(10, 0.2), count)
        shares = 0.9 * mixture @ likes + 0.1 / len(names)
        signs = 1 + generator.poisson(mean_signs - 1, count)
        drawn = generator.multinomial(signs, shares / shares.sum(axis=1, keepdims=True))
        row, column = np.nonzero(drawn)
        total = drawn[row, column]
        choosing = generator.binomial(total, 0.2)
        grading = generator.binomial(total - choosing, 0.25)
        ids = np.char.mod("c%010d", row + start)
        parts.append(
            pa.table(
                {
                    "customer_id": pa.array(ids, type=pa.string()),
                    "category": pa.array(names[column], type=pa.string()),
                    "act_count": total,
                    "choosing_act_count": choosing,
                    "grading_act_count": grading,
                }
            )
        )
    return Tastes(pa.concat_tables(parts), described_categories, pd.Series(dtype=object))
