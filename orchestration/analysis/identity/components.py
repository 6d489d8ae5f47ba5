"""From candidate links to customers: connected components that hold no contradiction.

Belongs here: components (any length of chain), and the choice of which link gives way when a
component would hold what one person cannot.
Does not belong here: where the candidates come from, what the customers are called.

A component without contradiction is simply connected. In the others links are tried from the
strongest to the weakest, and one that would bring a contradiction together is refused: on every
path between two records that must not meet, the weakest link is the one that is cut. This is
Kruskal's maximum spanning forest under constraints; ties are broken fully.

Links by the matching model are held to two more rules. What contradicts them elsewhere in the two
customers counts against their match weight. And one that alone holds two groups of records
together must be surer than others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from orchestration.analysis.identity.bridges import bridges
from orchestration.analysis.identity.config import (
    BRIDGE_SIDE_RECORDS,
    MODEL_RULES,
    OVERRIDE_STRENGTH,
    IdentityConfig,
)
from orchestration.analysis.identity.edges import kinds_between, strongest_first
from orchestration.analysis.identity.guards import CONFLICT_REASONS, differs_within
from orchestration.analysis.identity.overrides import KEEP_APART
from orchestration.analysis.identity.workspace import UNKNOWN, RecordFacts

HARD_UNIQUE_CONFLICT = "hard_unique_conflict"
WEAK_BRIDGE = "weak_bridge"
_PERSON_SLOTS = len(CONFLICT_REASONS)
# Which of the model's weights says what a contradiction of each person slot costs.
_SLOT_COMPARISONS = ("given_name", "birth_date", "gender")
# Two names are alike when so many of their letters are the same, whatever the order.
_ALIKE_LETTERS = 0.6
_EPOCH = date(1800, 1, 1)


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
    conflict_weight: Mapping[str, float] | None = None,
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
        conflict_weight: What a contradicting given_name, birth_date and gender weigh, in bits.

    Returns:
        The components.
    """
    free = connect(facts.count, candidates["hub"].to_numpy(), candidates["member"].to_numpy())
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
            conflict_weight or {},
        )
        accepted.append(weighed)
    standing = pd.concat(accepted, ignore_index=True).sort_values(
        ["hub", "member", "value_id", "match"], ignore_index=True
    )
    standing, cut = _cut_weak_bridges(standing, config)
    return Components(
        connect(facts.count, standing["hub"].to_numpy(), standing["member"].to_numpy()),
        standing,
        blocked + cut,
        int(suspect.sum()),
    )


def _cut_weak_bridges(
    standing: pd.DataFrame, config: IdentityConfig
) -> tuple[pd.DataFrame, list[tuple[int, int, int, str]]]:
    """Cut links of the model that alone hold two groups together and are not sure enough."""
    if config.matching is None:
        return standing, []
    sure = config.matching.bridge_probability
    is_weak = (standing["match"] != UNKNOWN).to_numpy() & (
        standing["weight"].to_numpy() < math.log2(sure / (1 - sure))
    )
    if not is_weak.any():
        return standing, []
    hub, member = standing["hub"].to_numpy(), standing["member"].to_numpy()
    component = connect(int(max(hub.max(), member.max())) + 1, hub, member)
    nearby = np.flatnonzero(np.isin(component[hub], component[hub[is_weak]]))
    place, smaller = bridges(hub[nearby], member[nearby])
    place = nearby[place]
    cut = place[is_weak[place] & (smaller >= BRIDGE_SIDE_RECORDS)]
    blocked = [(int(hub[p]), int(member[p]), UNKNOWN, WEAK_BRIDGE) for p in cut]
    return standing.drop(index=standing.index[cut]).reset_index(drop=True), blocked


def connect(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
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
    conflict_weight: Mapping[str, float],
) -> tuple[pd.DataFrame, list[tuple[int, int, int, str]]]:
    kinds = config.link_kinds()
    is_model = [kind.name in MODEL_RULES for kind in kinds]
    least_weight = 0.0
    if config.matching is not None:
        likely = config.matching.link_probability
        least_weight = math.log2(likely / (1 - likely))
    is_forced = [kind.strength >= OVERRIDE_STRENGTH for kind in kinds]
    is_guarded = [kind.is_guarded and config.guards_chains for kind in kinds]
    forest = _ConstrainedForest(
        np.unique(candidates[["hub", "member"]].to_numpy()),
        facts,
        hard_claims,
        apart,
        tuple(conflict_weight.get(name, 0.0) for name in _SLOT_COMPARISONS),
    )
    hubs: dict[int, list[int]] = {}
    chosen_hub: list[int] = []
    blocked: list[tuple[int, int, int, str]] = []
    rows = zip(
        *(candidates[c].tolist() for c in ("group", "hub", "member", "value_id", "kind", "weight")),
        strict=True,
    )
    for group, hub, member, value_id, kind, weight in rows:
        tried = hubs.setdefault(group, [hub])
        refusal = None
        for candidate_hub in tried:
            reason = forest.join(
                candidate_hub,
                member,
                is_forced=is_forced[kind],
                is_guarded=is_guarded[kind],
                spare_weight=weight - least_weight if is_model[kind] else None,
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
        conflict_weight: tuple[float, ...],
    ) -> None:
        self._facts = facts
        self._conflict_weight = conflict_weight
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

    def join(
        self, a: int, b: int, *, is_forced: bool, is_guarded: bool, spare_weight: float | None
    ) -> str | None:
        """Join the trees of two records; returns None, or why not.

        Args:
            a: Record number.
            b: Record number.
            is_forced: A person said so; only keep_apart stands against it.
            is_guarded: Two known names, birth dates or genders are reason enough to refuse.
            spare_weight: For links of the model, the bits by which they exceed what a link needs.
        """
        left, right = self.find(a), self.find(b)
        if left == right:
            return None
        reason = self._refusal(left, right, is_forced=is_forced, is_guarded=is_guarded)
        if reason is None and spare_weight is not None:
            reason = self._outweighed(a, b, left, right, spare_weight)
        if reason is None:
            self._unite(left, right)
        return reason

    def _outweighed(self, a: int, b: int, left: int, right: int, spare_weight: float) -> str | None:
        """Why what the rest of both trees says outweighs the link between two records.

        What the two records themselves know, the model has weighed.
        """
        facts = (self._facts.name, self._facts.birth_date, self._facts.gender)
        heaviest: tuple[float, str] | None = None
        for slot, (fact, cost) in enumerate(zip(facts, self._conflict_weight, strict=True)):
            if cost == 0.0 or (fact[a] != UNKNOWN and fact[b] != UNKNOWN):
                continue
            ours = self._claims[left].get(slot)
            theirs = self._claims[right].get(slot)
            if not ours or not theirs or self._any_alike(slot, ours, theirs):
                continue
            spare_weight += cost
            heaviest = min(heaviest or (0.0, ""), (cost, CONFLICT_REASONS[slot]))
        return heaviest[1] if heaviest and spare_weight < 0 else None

    def _any_alike(self, slot: int, ours: set[int], theirs: set[int]) -> bool:
        alike = (self._alike_names, _alike_dates, lambda x, y: x == y)[slot]
        return any(alike(x, y) for x in ours for y in theirs)

    def _alike_names(self, x: int, y: int) -> bool:
        texts = self._facts.name_text
        a, b = texts[x].as_py(), texts[y].as_py()
        shared = (Counter(a) & Counter(b)).total()
        return shared >= _ALIKE_LETTERS * max(len(a), len(b))

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


def _alike_dates(x: int, y: int) -> bool:
    """The same day, a typing error apart, or within a month."""
    if abs(x - y) <= 31:
        return True
    a, b = (_EPOCH + timedelta(days=day) for day in (x, y))
    same = (a.year == b.year) + (a.month == b.month) + (a.day == b.day)
    return same >= 2 or (a.year == b.year and a.month == b.day and a.day == b.month)
