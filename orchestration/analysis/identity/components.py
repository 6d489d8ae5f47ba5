"""From candidate links to customers: connected components that hold no contradiction.

Belongs here: components (any length of chain), and the choice of which link gives way when a
component would hold what one person cannot.
Does not belong here: where the candidates come from, what the customers are called.

A component without contradiction is simply connected. In the others links are tried from the
strongest to the weakest, and one that would bring a contradiction together is refused: on every
path between two records that must not meet, the weakest link is the one that is cut. This is
Kruskal's maximum spanning forest under constraints; ties are broken fully.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orchestration.analysis.identity.config import OVERRIDE_STRENGTH, IdentityConfig
from orchestration.analysis.identity.edges import kinds_between, strongest_first
from orchestration.analysis.identity.guards import CONFLICT_REASONS, differs_within
from orchestration.analysis.identity.overrides import KEEP_APART
from orchestration.analysis.identity.workspace import UNKNOWN, RecordFacts

HARD_UNIQUE_CONFLICT = "hard_unique_conflict"
_PERSON_SLOTS = len(CONFLICT_REASONS)


@dataclass(frozen=True)
class Components:
    """Who belongs together, and why.

    Attributes:
        component: Component number per record, 0.. in order of each one's smallest record number.
        accepted: Candidate rows that stand, CANDIDATE_COLUMNS, ordered by hub, member, value.
        blocked: (rid_a, rid_b, value_id, reason) of links that were refused.
        constrained_count: Components in which links had to be weighed against each other.
    """

    component: np.ndarray
    accepted: pd.DataFrame
    blocked: list[tuple[int, int, int, str]]
    constrained_count: int

    @property
    def count(self) -> int:
        return int(self.component.max()) + 1 if len(self.component) else 0


def build_components(
    candidates: pd.DataFrame,
    facts: RecordFacts,
    hard_claims: pd.DataFrame,
    apart: np.ndarray,
    config: IdentityConfig,
) -> Components:
    """Join records along candidates without ever joining a contradiction.

    Contradictions: a pair kept apart by override; two values of a hard-unique type and scope
    (links by override excepted); and, for contact-data links only, two known names, birth dates
    or genders (config.guards_chains). A customer that already holds both sides of a contradiction,
    because stronger evidence said so, accepts further records of either side.

    Args:
        candidates: CANDIDATE_COLUMNS.
        facts: Codes per record.
        hard_claims: From `hard_unique_claims`.
        apart: Pairs of record numbers that must not meet (n, 2).
        config: Rules.

    Returns:
        The components.
    """
    free = _connect(facts.count, candidates["hub"].to_numpy(), candidates["member"].to_numpy())
    suspect = _suspect_components(free, facts, hard_claims, apart, config)
    is_constrained = suspect[free[candidates["hub"].to_numpy()]]
    accepted = [candidates[~is_constrained]]
    blocked: list[tuple[int, int, int, str]] = []
    if is_constrained.any():
        weighed, blocked = _weigh(
            strongest_first(candidates[is_constrained], config.link_kinds()),
            facts,
            hard_claims,
            apart,
            config,
        )
        accepted.append(weighed)
    standing = pd.concat(accepted, ignore_index=True).sort_values(
        ["hub", "member", "value_id"], ignore_index=True
    )
    return Components(
        _connect(facts.count, standing["hub"].to_numpy(), standing["member"].to_numpy()),
        standing,
        blocked,
        int(suspect.sum()),
    )


def _connect(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Component per record, numbered in order of the smallest record number in each."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    number, label = connected_components(graph, directed=False)
    first = np.full(number, count, dtype=np.int64)
    np.minimum.at(first, label, np.arange(count))
    rank = np.empty(number, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(number)
    return rank[label]


def _suspect_components(
    component: np.ndarray,
    facts: RecordFacts,
    hard_claims: pd.DataFrame,
    apart: np.ndarray,
    config: IdentityConfig,
) -> np.ndarray:
    """Which components hold a contradiction when every candidate is accepted."""
    suspect = np.zeros(int(component.max()) + 1 if len(component) else 0, dtype=bool)
    if len(component) == 0:
        return suspect
    if config.guards_chains:
        order = np.argsort(component, kind="stable")
        ordered = component[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        for code in (facts.name, facts.birth_date, facts.gender):
            suspect |= differs_within(code[order], starts)
    if len(hard_claims):
        of = component[hard_claims["rid"].to_numpy()]
        slot = hard_claims["slot"].to_numpy()
        order = np.lexsort((slot, of))
        of, slot = of[order], slot[order]
        starts = np.flatnonzero(np.r_[True, (of[1:] != of[:-1]) | (slot[1:] != slot[:-1])])
        value = hard_claims["value_id"].to_numpy().astype(np.int64)[order]
        suspect[of[starts[differs_within(value, starts)]]] = True
    meets = component[apart[:, 0]] == component[apart[:, 1]]
    suspect[component[apart[meets, 0]]] = True
    return suspect


def _weigh(
    candidates: pd.DataFrame,
    facts: RecordFacts,
    hard_claims: pd.DataFrame,
    apart: np.ndarray,
    config: IdentityConfig,
) -> tuple[pd.DataFrame, list[tuple[int, int, int, str]]]:
    kinds = config.link_kinds()
    is_forced = [kind.strength >= OVERRIDE_STRENGTH for kind in kinds]
    is_guarded = [kind.is_guarded and config.guards_chains for kind in kinds]
    forest = _ConstrainedForest(
        np.unique(candidates[["hub", "member"]].to_numpy()), facts, hard_claims, apart
    )
    hubs: dict[int, list[int]] = {}
    chosen_hub: list[int] = []
    blocked: list[tuple[int, int, int, str]] = []
    rows = zip(
        *(candidates[c].tolist() for c in ("group", "hub", "member", "value_id", "kind")),
        strict=True,
    )
    for group, hub, member, value_id, kind in rows:
        tried = hubs.setdefault(group, [hub])
        refusal = None
        for candidate_hub in tried:
            reason = forest.join(
                candidate_hub, member, is_forced=is_forced[kind], is_guarded=is_guarded[kind]
            )
            if reason is None:
                chosen_hub.append(candidate_hub)
                break
            refusal = refusal or reason
        else:
            chosen_hub.append(UNKNOWN)
            tried.append(member)
            blocked.append((hub, member, value_id, refusal))
    hub = np.array(chosen_hub, dtype=np.int64)
    accepted = candidates.assign(hub=hub)[hub != UNKNOWN]
    # A link that found another hub of its group is worth what these two records agree on.
    accepted["kind"] = kinds_between(
        accepted["hub"].to_numpy(),
        accepted["member"].to_numpy(),
        accepted["kind"].to_numpy(),
        facts,
        kinds,
    )
    return accepted, blocked


class _ConstrainedForest:
    """Union-find whose trees carry what their records claim to be."""

    def __init__(
        self,
        rids: np.ndarray,
        facts: RecordFacts,
        hard_claims: pd.DataFrame,
        apart: np.ndarray,
    ) -> None:
        self._parent = {rid: rid for rid in rids.tolist()}
        self._claims: dict[int, dict[int, set[int]]] = {rid: {} for rid in self._parent}
        self._apart: dict[int, set[int]] = {}
        for slot, code in enumerate((facts.name, facts.birth_date, facts.gender)):
            for rid, value in zip(rids.tolist(), code[rids].tolist(), strict=True):
                if value != UNKNOWN:
                    self._claims[rid][slot] = {value}
        mine = hard_claims[np.isin(hard_claims["rid"].to_numpy(), rids)]
        for rid, slot, value in zip(
            mine["rid"].tolist(), mine["slot"].tolist(), mine["value_id"].tolist(), strict=True
        ):
            self._claims[rid][_PERSON_SLOTS + slot] = {value}
        for a, b in apart.tolist():
            if a in self._parent and b in self._parent:
                self._apart.setdefault(a, set()).add(b)
                self._apart.setdefault(b, set()).add(a)

    def find(self, rid: int) -> int:
        parent = self._parent
        while parent[rid] != rid:
            parent[rid] = parent[parent[rid]]
            rid = parent[rid]
        return rid

    def join(self, a: int, b: int, *, is_forced: bool, is_guarded: bool) -> str | None:
        """Join two trees; returns None, or why not."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return None
        reason = self._refusal(a, b, is_forced=is_forced, is_guarded=is_guarded)
        if reason is None:
            self._unite(a, b)
        return reason

    def _refusal(self, a: int, b: int, *, is_forced: bool, is_guarded: bool) -> str | None:
        if a in self._apart and any(self.find(other) == b for other in self._apart[a]):
            return KEEP_APART
        if is_forced:
            return None
        left, right = self._claims[a], self._claims[b]
        broken = [
            slot
            for slot in left.keys() & right.keys()
            if (slot >= _PERSON_SLOTS or is_guarded)
            and not (left[slot] <= right[slot] or right[slot] <= left[slot])
        ]
        if not broken:
            return None
        if max(broken) >= _PERSON_SLOTS:
            return HARD_UNIQUE_CONFLICT
        return CONFLICT_REASONS[min(broken)]

    def _unite(self, a: int, b: int) -> None:
        if len(self._claims[a]) < len(self._claims[b]):
            a, b = b, a
        self._parent[b] = a
        mine = self._claims[a]
        for slot, values in self._claims.pop(b).items():
            if slot in mine:
                mine[slot] |= values
            else:
                mine[slot] = values
        if b in self._apart:
            self._apart.setdefault(a, set()).update(self._apart.pop(b))
