"""Evidence: which pairs of records are candidates for one person, by which kind of link.

Belongs here: turning groups of records that share a value, and decisions of people, into candidate
links. What the matching model proposes joins as further rows, each pair a group of its own.
Does not belong here: which candidates survive (components.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.analysis.identity.config import (
    MODEL_RULES,
    MOST_MODEL_STRENGTH,
    IdentityConfig,
    LinkKind,
)
from orchestration.analysis.identity.matching.linking import Matches
from orchestration.analysis.identity.workspace import UNKNOWN, RecordFacts

NO_TIME = -(2**63) + 1  # stands for an unknown moment; sorts before every known one

# One row per candidate link. group: links of one group share a hub, and a record refused by the
# hub may still be linked to another refused record of its group. kind: position in the config's
# link kinds. first_seen: when both records had shown the value; last_seen: when either last did.
# match: place among the model's proposals, -1 for other links; weight: its match weight in bits.
CANDIDATE_COLUMNS = (
    "group",
    "hub",
    "member",
    "value_id",
    "kind",
    "first_seen",
    "last_seen",
    "match",
    "weight",
)


def candidates_from_values(
    holdings: pd.DataFrame, group: np.ndarray, facts: RecordFacts, config: IdentityConfig
) -> pd.DataFrame:
    """A star of k - 1 candidate links per group of k records, never all pairs.

    The hub is the record that tells most about the person (name, then birth date), ties by record
    number: links to it can then say whether name or birth date agree.

    Args:
        holdings: From `linking_holdings`.
        group: Group number of each holding; groups of one make no link.
        facts: Codes per record.
        config: Rules, in whose link kinds `kind` counts.

    Returns:
        CANDIDATE_COLUMNS, ordered by group and member.
    """
    if holdings.empty:
        return no_candidates()
    rid = holdings["rid"].to_numpy().astype(np.int64)
    has_no_name = facts.name[rid] == UNKNOWN
    has_no_birth_date = facts.birth_date[rid] == UNKNOWN
    order = np.lexsort((rid, has_no_birth_date, has_no_name, group))
    group, rid = group[order], rid[order]
    first_seen = holdings["first_seen"].to_numpy()[order]
    last_seen = holdings["last_seen"].to_numpy()[order]
    value_id = holdings["value_id"].to_numpy()[order].astype(np.int64)

    starts_group = np.r_[True, group[1:] != group[:-1]]
    hub_place = np.maximum.accumulate(np.where(starts_group, np.arange(len(group)), 0))
    member = np.flatnonzero(~starts_group)
    hub = hub_place[member]

    kinds = config.link_kinds()
    plain = [_place(kinds, name) for name in holdings["id_type"].cat.categories]
    type_code = holdings["id_type"].cat.codes.to_numpy()[order][member]
    kind = kinds_between(
        rid[hub], rid[member], np.array(plain, dtype=np.int64)[type_code], facts, kinds
    )
    return pd.DataFrame(
        {
            "group": group[member],
            "hub": rid[hub],
            "member": rid[member],
            "value_id": value_id[member],
            "kind": kind,
            "first_seen": np.maximum(first_seen[hub], first_seen[member]),
            "last_seen": np.maximum(last_seen[hub], last_seen[member]),
            "match": UNKNOWN,
            "weight": 0.0,
        }
    ).sort_values(["group", "member"], ignore_index=True)


def candidates_from_overrides(together: np.ndarray, first_group: int) -> pd.DataFrame:
    """One candidate of infinite strength per pair forced together.

    Args:
        together: Record numbers (n, 2).
        first_group: A group number above all that are in use.

    Returns:
        CANDIDATE_COLUMNS; value_id -1, times unknown, kind 0 (the override).
    """
    return _pairs(together[:, 0], together[:, 1], np.zeros(len(together)), first_group)


def candidates_from_matches(
    matches: Matches, first_group: int, kinds: tuple[LinkKind, ...]
) -> pd.DataFrame:
    """One candidate per link that the matching model proposes.

    Args:
        matches: The proposals.
        first_group: A group number above all that are in use.
        kinds: The link kinds; `kind` counts in them.

    Returns:
        CANDIDATE_COLUMNS; value_id -1, times unknown.
    """
    kind = np.zeros(len(matches.a), dtype=np.int64)
    for name in MODEL_RULES:
        kind[matches.rule == name] = _place(kinds, name)
    return _pairs(matches.a, matches.b, kind, first_group).assign(
        match=np.arange(len(kind), dtype=np.int64), weight=matches.weight
    )


def _pairs(hub: np.ndarray, member: np.ndarray, kind: np.ndarray, first_group: int) -> pd.DataFrame:
    count = len(hub)
    return pd.DataFrame(
        {
            "group": first_group + np.arange(count, dtype=np.int64),
            "hub": hub.astype(np.int64),
            "member": member.astype(np.int64),
            "value_id": np.full(count, UNKNOWN, dtype=np.int64),
            "kind": kind.astype(np.int64),
            "first_seen": np.full(count, NO_TIME, dtype=np.int64),
            "last_seen": np.full(count, NO_TIME, dtype=np.int64),
            "match": np.full(count, UNKNOWN, dtype=np.int64),
            "weight": np.zeros(count),
        }
    )


def no_candidates() -> pd.DataFrame:
    """An empty candidate table."""
    nothing = np.empty(0, dtype=np.int64)
    return _pairs(nothing, nothing, nothing, 0)


def strongest_first(candidates: pd.DataFrame, kinds: tuple[LinkKind, ...]) -> pd.DataFrame:
    """Order candidates by strength, then the one seen last, ties by value and records."""
    order = np.lexsort(
        (
            candidates["match"],
            candidates["member"],
            candidates["hub"],
            candidates["value_id"],
            -candidates["last_seen"].to_numpy(),
            -strengths(candidates, kinds),
        )
    )
    return candidates.iloc[order].reset_index(drop=True)


def strengths(candidates: pd.DataFrame, kinds: tuple[LinkKind, ...]) -> np.ndarray:
    """How strong each link is: as its kind says, or as its match weight says."""
    strength = np.array([float(kind.strength) for kind in kinds])[candidates["kind"].to_numpy()]
    weight = candidates["weight"].to_numpy()
    return np.where(
        candidates["match"].to_numpy() == UNKNOWN, strength, np.minimum(weight, MOST_MODEL_STRENGTH)
    )


def kinds_between(
    hub: np.ndarray,
    member: np.ndarray,
    kind: np.ndarray,
    facts: RecordFacts,
    kinds: tuple[LinkKind, ...],
) -> np.ndarray:
    """The kind that each link has, given what name and birth date of its two records say.

    Args:
        hub: Record numbers (n,).
        member: Record numbers (n,).
        kind: Any kind of the right identifier type (n,).
        facts: Codes per record.
        kinds: The link kinds that `kind` counts in.

    Returns:
        Kinds (n,): plain, confirmed by name, or else confirmed by birth date.
    """
    base = [_place(kinds, each.id_type) for each in kinds]
    named = [_place(kinds, f"{each.id_type}_and_name", place) for place, each in enumerate(kinds)]
    born = [
        _place(kinds, f"{each.id_type}_and_birth_date", place) for place, each in enumerate(kinds)
    ]
    return np.select(
        [_agrees(facts.name, hub, member), _agrees(facts.birth_date, hub, member)],
        [np.array(named)[kind], np.array(born)[kind]],
        np.array(base)[kind],
    )


def _place(kinds: tuple[LinkKind, ...], name: str, default: int = UNKNOWN) -> int:
    return next((place for place, kind in enumerate(kinds) if kind.name == name), default)


def _agrees(code: np.ndarray, hub: np.ndarray, member: np.ndarray) -> np.ndarray:
    return (code[hub] != UNKNOWN) & (code[hub] == code[member])
