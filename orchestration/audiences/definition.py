"""What an audience is once its file was understood.

Belongs here: the parts of a rule and of an audience. Does not belong here: reading files (reader),
SQL (plan).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from orchestration.conditions.facts import Fact

#: Where messages go out; each has its rules in seeds/contact_rule.csv.
CHANNELS = ("sms", "email", "push", "wechat", "ads")


@dataclass(frozen=True)
class Where:
    """A condition on the customer's row.

    `sql` has a placeholder such as $v0 for each text, `values` the texts, `columns` what it names.
    """

    sql: str
    values: tuple[str, ...]
    columns: tuple[str, ...]
    written: str


@dataclass(frozen=True)
class Tagged:
    """Carries one of the tags."""

    codes: tuple[str, ...]
    names_en: tuple[str, ...]
    names_zh: tuple[str, ...]


@dataclass(frozen=True)
class InSegment:
    """Is in one of the segments of a kind."""

    kind: str
    codes: tuple[str, ...]
    names_en: tuple[str, ...]
    names_zh: tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """A propensity, or the propensity to buy a category, lies between two values."""

    subject: Literal["propensity", "category"]
    code: str
    name_en: str
    name_zh: str
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True)
class Did:
    """Was part of so many events, or of events that add up to so much, within so many days.

    `within_days` None looks at everything ever; `sum_of` None counts.
    """

    fact: Fact
    where: Where | None
    sum_of: str | None
    at_least: float | None
    at_most: float | None
    within_days: int | None


@dataclass(frozen=True)
class InAudience:
    """Is in another audience."""

    code: str


@dataclass(frozen=True)
class Listed:
    """Is on an uploaded list."""

    name: str


@dataclass(frozen=True)
class Alike:
    """Is among the `size` customers outside an audience that are most like those in it."""

    code: str
    size: int


Leaf = Where | Tagged | InSegment | Scored | Did | InAudience | Listed | Alike


@dataclass(frozen=True)
class Group:
    """Rules joined: all of them hold, any of them does, or none does."""

    joined: Literal["all", "any", "none"]
    parts: tuple[Rule, ...]


Rule = Group | Leaf


@dataclass(frozen=True)
class Activation:
    """What is done with an audience: the message, and who is left alone to measure it.

    Attributes:
        campaign: campaign_id under which the campaign platform reports back.
        channel: One of CHANNELS, or `best` for what each customer answers most.
        offer_code: Short code of the offer.
        offer_en: The offer in English.
        offer_zh: The offer in Chinese.
        priority: 1 goes first; of two messages for one customer only the first is sent.
        holdout: Share that is left alone, 0 to 0.9.
        every_days: A customer gets it again after so many days at the earliest.
        most_per_day: Messages a day at most; None for no limit.
        starts_on: First day; None for any.
        ends_on: Last day; None for any.
    """

    campaign: str
    channel: str
    offer_code: str
    offer_en: str
    offer_zh: str
    priority: int
    holdout: float
    every_days: int
    most_per_day: int | None
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class Audience:
    """An audience that is right.

    Attributes:
        code: Name of its file.
        label_en: English name.
        label_zh: Chinese name.
        description_en: Who is in it and what for, in English.
        description_zh: The same in Chinese.
        owner: The team that answers for it.
        rule: Who is in.
        written: The rule as it stands in the file.
        suppresses: Channels on which its members are never written to.
        activation: What is done with it, if anything.
    """

    code: str
    label_en: str
    label_zh: str
    description_en: str
    description_zh: str
    owner: str
    rule: Rule
    written: str
    suppresses: tuple[str, ...]
    activation: Activation | None


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Every leaf of a rule, in reading order."""
    if isinstance(rule, Group):
        for part in rule.parts:
            yield from leaves(part)
    else:
        yield rule
