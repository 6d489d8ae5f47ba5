"""Names of clusters in two languages, made of what sets the group apart.

Belongs here: the words for each deviation, and the choice among them.
Does not belong here: finding clusters, matching them between runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# In standard deviations of the population. Below it a difference is not worth a word.
SPEAKING_DEVIATION = 0.4
# A kept label must still be true: each deviation it speaks of has at least this size and its sign.
STILL_TRUE_DEVIATION = 0.15
MODIFIER_COUNT = 2


@dataclass(frozen=True)
class Word:
    """A modifier in Chinese and English."""

    zh: str
    en: str


# (feature, direction) → word. The order is the order of words in a label.
MODIFIERS: dict[tuple[str, int], Word] = {
    ("tenure_days", 1): Word("资深", "long-standing"),
    ("tenure_days", -1): Word("新入", "newly joined"),
    ("order_count_365d", 1): Word("高频", "frequent"),
    ("order_count_365d", -1): Word("低频", "occasional"),
    ("days_since_last_order", -1): Word("近期", "recent"),
    ("days_since_last_order", 1): Word("久未下单", "long-silent"),
    ("net_spend_365d", 1): Word("高消费", "high-spending"),
    ("net_spend_365d", -1): Word("低消费", "low-spending"),
    ("average_order_value", 1): Word("高客单", "big-basket"),
    ("average_order_value", -1): Word("小客单", "small-basket"),
    ("distinct_category_count", 1): Word("多品类", "many-category"),
    ("distinct_category_count", -1): Word("少品类", "few-category"),
    ("discount_share", 1): Word("爱折扣", "discount-seeking"),
    ("discount_share", -1): Word("少折扣", "full-price"),
    ("coupon_order_share", 1): Word("爱用券", "coupon-using"),
    ("coupon_order_share", -1): Word("少用券", "coupon-free"),
    ("active_days_90d", 1): Word("常逛", "much-browsing"),
    ("active_days_90d", -1): Word("少逛", "rarely browsing"),
    ("store_order_share", 1): Word("门店", "store"),
    ("store_order_share", -1): Word("线上", "online"),
}

# The noun is the first whose deviation is at least this large; it uses up its feature.
NOUNS: tuple[tuple[str, float, Word], ...] = (
    ("days_since_last_order", 0.6, Word("沉睡客", "lapsed customers")),
    ("order_count_365d", 0.6, Word("忠实客", "regulars")),
    ("tenure_days", -0.9, Word("新客", "newcomers")),
)
PLAIN_NOUN = Word("顾客", "customers")
TYPICAL = Word("普通", "typical")

ALL_BUYERS = Word("全部下单客户", "All buyers")
NO_ORDER = Word("尚未下单", "No order yet")


@dataclass(frozen=True)
class Label:
    """A name and the deviations it speaks of (feature → 1 or -1)."""

    zh: str
    en: str
    basis: dict[str, int]


def name_cluster(deviations: Mapping[str, float], taken: Collection[str]) -> Label:
    """Name a group by its largest deviations, adding words until the name is free.

    Args:
        deviations: Feature → centroid in standard deviations from the population mean.
        taken: English labels already in use.

    Returns:
        A label whose English text is not in taken.
    """
    speaking = {
        name: value for name, value in deviations.items() if abs(value) >= SPEAKING_DEVIATION
    }
    noun, basis = PLAIN_NOUN, {}
    for feature, least, word in NOUNS:
        if deviations.get(feature, 0.0) / least >= 1.0:
            noun, basis = word, {feature: 1 if least > 0 else -1}
            break
    ranked = sorted(
        (name for name in deviations if name not in basis),
        key=lambda name: (-round(abs(deviations[name]), 6), name),
    )
    loud = [name for name in ranked if name in speaking]
    # First the loudest; then, to tell two groups apart, also quieter differences.
    for count in range(min(MODIFIER_COUNT, len(loud)), len(ranked) + 1):
        chosen = {
            name: 1 if deviations[name] > 0 else -1 for name in ranked[:count] if deviations[name]
        }
        label = _compose(noun, chosen, {**basis, **chosen})
        if label.en not in taken:
            return label
    number = 2
    while f"{label.en} {number}" in taken:
        number += 1
    return Label(f"{label.zh}{number}", f"{label.en} {number}", label.basis)


def is_still_true(basis: Mapping[str, int], deviations: Mapping[str, float]) -> bool:
    """Whether a group still deviates in every way its label says."""
    return all(
        deviations.get(name, 0.0) * direction >= STILL_TRUE_DEVIATION
        for name, direction in basis.items()
    )


def _compose(noun: Word, modifiers: Mapping[str, int], basis: dict[str, int]) -> Label:
    words = [
        word for (name, direction), word in MODIFIERS.items() if modifiers.get(name) == direction
    ]
    if not words and noun is PLAIN_NOUN:
        words = [TYPICAL]
    english = " ".join([*(word.en for word in words), noun.en])
    chinese = "".join([*(word.zh for word in words), noun.zh])
    return Label(chinese, english[0].upper() + english[1:], basis)
