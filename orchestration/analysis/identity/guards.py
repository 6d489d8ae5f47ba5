"""The household guard: who, among the records sharing one phone or e-mail, may be one person.

Belongs here: grouping the records of one shared value by what is known of the person.
Does not belong here: caps (workspace.py), what happens beyond one value (components.py).

Two records conflict when both names, both birth dates or both genders are known and differ; an
unknown attribute is neutral. Records sharing a value are first grouped under the same known name,
then nameless records join. Two of them stay linked only when nobody else holding the value agrees
with one and conflicts with the other: a nameless record beside one named person joins that person,
beside two it is ambiguous and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orchestration.analysis.identity.workspace import UNKNOWN, RecordFacts

CONFLICTING_NAME = "conflicting_name"
CONFLICTING_BIRTH_DATE = "conflicting_birth_date"
CONFLICTING_GENDER = "conflicting_gender"
AMBIGUOUS_SHARED_VALUE = "ambiguous_shared_value"
CONFLICT_REASONS = (CONFLICTING_NAME, CONFLICTING_BIRTH_DATE, CONFLICTING_GENDER)

Profile = tuple[int, int, int]  # name, birth date, gender as codes; UNKNOWN when not known


@dataclass(frozen=True)
class Verdict:
    """How the records of one value fall apart.

    Attributes:
        groups: Group number of each record, in the order given; alone in its group = not linked.
        ambiguous: Positions of records that could belong to several people.
        conflicts: (position, position, reason): first record of the first group against the
            first record of each other group it conflicts with.
    """

    groups: tuple[int, ...]
    ambiguous: tuple[int, ...]
    conflicts: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class GuardedHoldings:
    """Groups for all values, and what was blocked on the way.

    Attributes:
        group: Group number of each holding (unique over all values), in input order.
        blocked: (rid_a, rid_b or -1, value_id, record_count, reason) per blocked pair or record.
    """

    group: np.ndarray
    blocked: list[tuple[int, int, int, int, str]]


def guard_holdings(
    value_id: np.ndarray, rid: np.ndarray, is_guarded: np.ndarray, facts: RecordFacts
) -> GuardedHoldings:
    """Split the holders of each value into groups that may be one person.

    Args:
        value_id: int (n,), ascending.
        rid: int (n,), ascending within a value.
        is_guarded: bool (n,), the same for all holdings of a value; others form one group.
        facts: Codes per record.

    Returns:
        Group per holding and the blocked pairs. Only values that hold a conflict are looked at
        one by one; the rest is whole-column work.
    """
    if len(value_id) == 0:
        return GuardedHoldings(np.empty(0, dtype=np.int64), [])
    starts = np.flatnonzero(np.r_[True, value_id[1:] != value_id[:-1]])
    ends = np.r_[starts[1:], len(value_id)]
    group = np.repeat(np.arange(len(starts), dtype=np.int64), ends - starts)
    codes = [facts.name[rid], facts.birth_date[rid], facts.gender[rid]]
    has_conflict = np.zeros(len(starts), dtype=bool)
    for code in codes:
        has_conflict |= differs_within(code, starts)
    has_conflict &= is_guarded[starts]

    next_group = len(starts)
    blocked: list[tuple[int, int, int, int, str]] = []
    for index in np.flatnonzero(has_conflict):
        begin, end = int(starts[index]), int(ends[index])
        members = rid[begin:end].tolist()
        verdict = judge(
            tuple(zip(*(_renumbered(code[begin:end].tolist()) for code in codes), strict=True))
        )
        group[begin:end] = np.asarray(verdict.groups) + next_group
        next_group += max(verdict.groups) + 1
        shared = (int(value_id[begin]), end - begin)
        blocked.extend(
            (members[a], members[b], *shared, reason) for a, b, reason in verdict.conflicts
        )
        blocked.extend(
            (members[a], UNKNOWN, *shared, AMBIGUOUS_SHARED_VALUE) for a in verdict.ambiguous
        )
    return GuardedHoldings(group, blocked)


def differs_within(code: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Whether two known codes differ, per run of a sorted array that begins at `starts`."""
    largest = np.maximum.reduceat(code, starts)
    known = np.where(code == UNKNOWN, np.iinfo(np.int64).max, code)
    smallest = np.minimum.reduceat(known, starts)
    return (largest != UNKNOWN) & (smallest != largest)


def _renumbered(codes: list[int]) -> list[int]:
    """Codes by order of appearance, so that values with the same pattern share one verdict."""
    seen: dict[int, int] = {UNKNOWN: UNKNOWN}
    return [seen.setdefault(code, len(seen) - 1) for code in codes]


@lru_cache(maxsize=65_536)
def judge(profiles: tuple[Profile, ...]) -> Verdict:
    """Decide one value.

    Args:
        profiles: Name, birth date and gender of each record that holds the value.

    Returns:
        The verdict, positions referring to `profiles`. Renaming codes or reordering records
        changes nothing but the numbers of groups and who stands for a group.
    """
    person_of = _people_under_one_name(profiles)
    people: dict[int, list[int]] = {}
    for position, person in enumerate(person_of):
        people.setdefault(person, []).append(position)
    merged = {person: _merged(profiles, members) for person, members in people.items()}
    neighbours = {
        a: frozenset(b for b in merged if conflict_reason(merged[a], merged[b]) is None)
        for a in merged
    }
    ambiguous_people = {
        a for a, near in neighbours.items() if any(not near <= neighbours[b] for b in near)
    }

    groups: list[int] = [UNKNOWN] * len(profiles)
    ambiguous: list[int] = []
    numbers: dict[tuple, int] = {}
    for position, person in enumerate(person_of):
        key: tuple
        if person not in ambiguous_people:
            key = ("person", neighbours[person])
        elif profiles[position][1] != UNKNOWN:
            # Nobody can say who it is, but the same birth date on the same phone is one person.
            key = ("same", person, profiles[position])
            ambiguous.append(position)
        else:
            key = ("alone", position)
            ambiguous.append(position)
        groups[position] = numbers.setdefault(key, len(numbers))
    return Verdict(tuple(groups), tuple(ambiguous), _conflicts(profiles, groups, ambiguous))


def conflict_reason(a: Profile, b: Profile) -> str | None:
    """The first attribute that is known on both sides and differs, or None."""
    for left, right, reason in zip(a, b, CONFLICT_REASONS, strict=True):
        if left != UNKNOWN and right != UNKNOWN and left != right:
            return reason
    return None


def _people_under_one_name(profiles: tuple[Profile, ...]) -> list[int]:
    """Number the records so that equal numbers are one person by name, as far as names tell."""
    numbers: dict[tuple, int] = {}
    person_of = []
    for profile in profiles:
        if profile[0] == UNKNOWN:
            key: tuple = ("nameless", profile)
        else:
            same_name = {other for other in profiles if other[0] == profile[0]}
            near = {
                other: frozenset(b for b in same_name if conflict_reason(other, b) is None)
                for other in same_name
            }
            key = ("named", profile[0], near[profile])
        person_of.append(numbers.setdefault(key, len(numbers)))
    return person_of


def _merged(profiles: tuple[Profile, ...], members: list[int]) -> Profile:
    """What is known of one person; members never contradict each other."""
    return tuple(max(profiles[m][attribute] for m in members) for attribute in range(3))


def _conflicts(
    profiles: tuple[Profile, ...], groups: list[int], ambiguous: list[int]
) -> tuple[tuple[int, int, str], ...]:
    found = []
    firsts: dict[int, int] = {}
    for position, number in enumerate(groups):
        if position not in ambiguous:
            firsts.setdefault(number, position)
    standing = list(firsts.values())
    for place, position in enumerate(standing[1:], start=1):
        for earlier in standing[:place]:
            reason = next(
                (
                    why
                    for a in range(len(profiles))
                    if groups[a] == groups[earlier]
                    for b in range(len(profiles))
                    if groups[b] == groups[position]
                    and (why := conflict_reason(profiles[a], profiles[b]))
                ),
                None,
            )
            if reason:
                found.append((earlier, position, reason))
                break
    return tuple(found)
