"""Which pairs of records are compared at all.

Belongs here: the blocking rules by name, counting the pairs each would make, choosing among them,
and making the pairs.
Does not belong here: comparing the pairs (vectors.py).

A rule whose keys contain those of an active rule would make no further pair. So each rule is tried
from loose to tight, and the ones that would make too many pairs give way to tighter ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

# A rule may make this many pairs per record, or this many in all where the data are small.
PAIRS_PER_RECORD = 4
PAIRS_AT_LEAST = 100_000

# SQL over the attributes of a record {r}; null makes no pair. Of a list, every element is a key.
KEYS = {
    "national id": "{r}national_id",
    "phone": "{r}phones",
    "e-mail": "{r}emails",
    "e-mail before the @": "{r}email_local",
    "phone pattern": "{r}phone_pattern",
    "birth date": "{r}birth_date",
    "birth year": "left({r}birth_date, 4)",
    "birthday": "right({r}birth_date, 5)",
    "address": "{r}address",
    "house number": "{r}house_number",
    "start of street": "left({r}street, 4)",
    "sound of given name": "{r}given_sound",
    "sound of family name": "{r}family_sound",
    "start of given name": "left({r}given_sound, 3)",
    "start of family name": "left({r}family_sound, 3)",
    "names in any order": "case when {r}given_sound < {r}family_sound"
    " then {r}given_sound || ' ' || {r}family_sound"
    " else {r}family_sound || ' ' || {r}given_sound end",
    "postcode": "{r}postcode",
    "locality": "coalesce({r}district, {r}city, {r}province)",
    "city": "{r}city",
}
LIST_KEYS = ("phone", "e-mail")
# Keys that follow from another key: who shares the left one shares the right ones too.
IMPLIED_KEYS = {
    "birth date": ("birth year", "birthday"),
    "e-mail": ("e-mail before the @",),
    "phone": ("phone pattern",),
    "sound of given name": ("start of given name",),
    "sound of family name": ("start of family name",),
    "address": ("house number", "start of street"),
}
# From loose to tight.
RULES = (
    ("national id",),
    ("phone",),
    ("e-mail",),
    ("e-mail before the @",),
    ("phone pattern",),
    ("birth date",),
    ("address",),
    ("sound of given name",),
    ("sound of family name",),
    ("names in any order",),
    ("house number", "start of street"),
    ("birth year", "postcode"),
    ("birth year", "city"),
    ("birth year", "start of given name"),
    ("birth year", "start of family name"),
    ("birthday", "postcode"),
    ("birthday", "start of given name"),
    ("birthday", "start of family name"),
    ("postcode", "start of given name"),
    ("postcode", "start of family name"),
    ("locality", "start of given name"),
    ("locality", "start of family name"),
    ("phone pattern", "city"),
    ("phone pattern", "sound of family name"),
    ("birth date", "locality"),
    ("birth date", "sound of given name"),
    ("birth date", "sound of family name"),
    ("sound of given name", "start of family name"),
    ("sound of family name", "start of given name"),
    ("sound of given name", "birth year"),
    ("sound of family name", "birth year"),
    ("sound of given name", "locality"),
    ("sound of given name", "postcode"),
    ("sound of family name", "postcode"),
    ("names in any order", "locality"),
    ("names in any order", "birth year"),
    ("address", "start of given name"),
)

ACTIVE, IMPLIED, REFUSED, EMPTY = "active", "implied", "refused", "empty"


@dataclass(frozen=True)
class RuleCount:
    """What a rule would do to the data at hand.

    Attributes:
        name: Its keys, joined by " + ".
        keys: Names in KEYS.
        pairs: Pairs it makes on its own; None where nobody needed to count.
        state: active, implied (a looser active rule makes all of its pairs), refused (too many
            pairs), or empty (no two records share the keys).
    """

    name: str
    keys: tuple[str, ...]
    pairs: int | None
    state: str


def count_rules(connection: duckdb.DuckDBPyConnection) -> list[RuleCount]:
    """Count the pairs of each rule and choose the active ones.

    The choice depends on the attributes alone, not on their order or on earlier runs.

    Args:
        connection: With the table `attribute`.

    Returns:
        One entry per rule, in the order of RULES.
    """
    records = connection.execute("select count(*) from attribute").fetchone()[0]
    most = max(PAIRS_PER_RECORD * records, PAIRS_AT_LEAST)
    counted: list[RuleCount] = []
    active: list[frozenset[str]] = []
    for keys in RULES:
        name = " + ".join(keys)
        covered = _with_implied(keys)
        if any(looser <= covered for looser in active):
            counted.append(RuleCount(name, keys, None, IMPLIED))
            continue
        pairs = connection.execute(
            f"""
            select coalesce(sum(holders * (holders - 1) // 2), 0)::bigint
            from (select count(*) as holders from ({keys_query(keys)}) group by key)
            """  # noqa: S608
        ).fetchone()[0]
        state = EMPTY if pairs == 0 else REFUSED if pairs > most else ACTIVE
        counted.append(RuleCount(name, keys, pairs, state))
        if state == ACTIVE:
            active.append(frozenset(keys))
    return counted


def keys_query(keys: Sequence[str], further_column: str | None = None) -> str:
    """SQL giving uid and key (a hash) for every record that has all keys of a rule."""
    columns = ", ".join(f"{_key(key)} as key_{place}" for place, key in enumerate(keys))
    names = [f"key_{place}" for place in range(len(keys))]
    known = " and ".join(f"{name} is not null" for name in names)
    further = f", {further_column}" if further_column else ""
    return (
        f"select uid, hash({', '.join(names)}) as key{further} "  # noqa: S608
        f"from (select uid, {columns}{further} from attribute) where {known}"
    )


def key_column(keys: Sequence[str]) -> str:
    """SQL expression over `attribute` for what two records share that a rule pairs.

    A whole number, or a list of them where one of the keys is a list; null where a key is. One row
    per record, where keys_query has one per key and is faster than it would be made of this.
    """
    columns = [KEYS[key].format(r="") for key in keys]
    known = " and ".join(f"{column} is not null" for column in columns)
    values = ["one" if key in LIST_KEYS else KEYS[key].format(r="") for key in keys]
    number = f"cast(hash({', '.join(values)}) >> 1 as bigint)"
    if has_list(keys):
        [listed] = [KEYS[key].format(r="") for key in keys if key in LIST_KEYS]
        number = f"list_transform({listed}, lambda one: {number})"
    return f"case when {known} then {number} end"


def has_list(keys: Sequence[str]) -> bool:
    """Whether a record has several values of a rule's keys; one of the keys may be such."""
    return not set(LIST_KEYS).isdisjoint(keys)


def same_keys(keys: Sequence[str]) -> str:
    """SQL condition that two records l and r share all keys of a rule."""
    return " and ".join(
        f"list_has_any({left}, {right})" if key in LIST_KEYS else f"{left} = {right}"
        for key in keys
        for left, right in [(KEYS[key].format(r="l."), KEYS[key].format(r="r."))]
    )


def _key(key: str) -> str:
    expression = KEYS[key].format(r="")
    return f"unnest({expression})" if key in LIST_KEYS else expression


def _with_implied(keys: Sequence[str]) -> frozenset[str]:
    return frozenset(keys).union(*(IMPLIED_KEYS.get(key, ()) for key in keys))
