"""Links that the matching model proposes: the way in to probabilistic matching.

Belongs here: the order of the steps, and what may be linked on what a pair scores.
Does not belong here: any step itself, what is carried to the next run (state.py).

Scores are a function of the records at hand alone. The model is trained anew on each run; what an
earlier run hands over are comparison vectors, which no model enters. So a run over new and changed
records gives what a run over all of them would.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.analysis.identity.arrow import add_to
from orchestration.analysis.identity.config import (
    MODEL_CONTACT_RULE,
    MODEL_RULE,
    MatchingConfig,
)
from orchestration.analysis.identity.matching.blocking import (
    ACTIVE,
    KEYS,
    RULES,
    RuleCount,
    count_rules,
)
from orchestration.analysis.identity.matching.comparisons import (
    COMPARISONS,
    EXCHANGED,
    LIKE_OTHER_NAME,
    OTHER_NAME,
    UNKNOWN_LEVEL,
    Comparison,
)
from orchestration.analysis.identity.matching.model import model_settings, model_table
from orchestration.analysis.identity.matching.scoring import (
    SOURCES,
    Term,
    Vectors,
    Weights,
    pair_weights,
    probability,
    weigh,
)
from orchestration.analysis.identity.matching.state import (
    earlier_rules,
    leave_no_state,
    leave_state,
)
from orchestration.analysis.identity.matching.training import train
from orchestration.analysis.identity.matching.vectors import (
    CompareAll,
    compare_changed,
    empty_vectors,
    keep_unchanged,
)
from orchestration.analysis.identity.schemas import ID_MODEL

# Links whose evidence is spelt out at a time.
EVIDENCE_AT_ONCE = 100_000
HOUSEHOLD_ONLY = "household_evidence_only"
AMBIGUOUS_MASKED_PHONE = "ambiguous_masked_phone"


@dataclass(frozen=True)
class Matches:
    """What the model says.

    Attributes:
        a, b: Record numbers of each proposed link, the smaller first; ordered.
        rule: MODEL_RULE or MODEL_CONTACT_RULE of each.
        weight: Match weight in bits, prior included.
        refused: (record, record, reason) of pairs that scored high enough and may not be linked.
        conflict_weight: What different given names, birth dates and genders weigh, in bits, at
            most 0.
        model: schemas.ID_MODEL, what was learnt of each level.
        report: What was blocked, trained and compared, for people and for the model file.
    """

    a: np.ndarray
    b: np.ndarray
    rule: np.ndarray
    weight: np.ndarray
    refused: list[tuple[int, int, str]]
    conflict_weight: dict[str, float]
    model: pa.Table
    report: dict = field(default_factory=dict)

    @property
    def probability(self) -> np.ndarray:
        return probability(self.weight)


def no_matches(model: pa.Table | None = None, report: dict | None = None) -> Matches:
    """Nothing to link."""
    nothing = np.empty(0, dtype=np.int64)
    return Matches(
        a=nothing,
        b=nothing,
        rule=np.empty(0, dtype=object),
        weight=np.empty(0),
        refused=[],
        conflict_weight={},
        model=ID_MODEL.empty_table() if model is None else model,
        report=report or {},
    )


def match_nothing(connection: duckdb.DuckDBPyConnection) -> Matches:
    """What `find_matches` gives and makes, empty: of a run without matching."""
    _make_room_for_evidence(connection)
    leave_no_state(connection)
    return no_matches()


def find_matches(
    connection: duckdb.DuckDBPyConnection,
    config: MatchingConfig,
    compare_all: CompareAll | None = None,
) -> Matches:
    """Propose links between records that are probably one person.

    Tables made:
        link_evidence: match (place among the proposals), match_weight and evidence, a JSON list of
            [comparison, level, weight], the prior first.
        id_blocking_rule, match_print, match_vector: MatchState for the next run.

    Args:
        connection: The workspace with `attribute`, after `take_in_state`.
        config: Thresholds and seed.
        compare_all: Compares elsewhere when everything is to be compared; None compares here.

    Returns:
        Links to weigh against all other evidence, and why others were refused.

    Raises:
        UntrainedError: The model could not learn a parameter.
    """
    _make_room_for_evidence(connection)
    comparisons = usable_comparisons(connection)
    training = train(connection, comparisons, config.seed)
    rules = count_rules(connection)
    active = [rule for rule in rules if rule.state == ACTIVE]
    definition = _definition(comparisons)
    compared = _compare(connection, comparisons, active, definition, compare_all)
    leave_state(connection, rules, definition)
    trained = [each.comparison for each in training.comparisons]
    vectors, left, right = _read_vectors(connection, trained)
    report = {
        "blocking": [
            {"rule": rule.name, "pairs": rule.pairs, "state": rule.state} for rule in rules
        ],
        "pairs_compared": compared,
        "pairs_kept": len(left),
        "left_out": training.left_out,
        "assumed": training.assumed,
        "sessions": [session.__dict__ for session in training.sessions],
    }
    if not trained or not len(left):
        return no_matches(model_table(training, None), report)
    scale, weight = weigh(training.comparisons, vectors, training.sampled_pairs)
    report |= {
        "match_share": scale.match_share,
        "records_per_person": round(scale.records_per_person, 2),
        "splink_settings": model_settings(training, scale),
    }
    proposed = _decide(connection, config, trained, vectors, left, right, scale, weight)
    return replace(proposed, model=model_table(training, scale), report=report)


def usable_comparisons(connection: duckdb.DuckDBPyConnection) -> list[Comparison]:
    """The comparisons whose attributes at least two records know."""
    columns = sorted({name for each in COMPARISONS for group in each.needs for name in group})
    counts = connection.execute(
        f"select {', '.join(f'count({name})' for name in columns)} from attribute"  # noqa: S608
    ).fetchone()
    known = {name for name, count in zip(columns, counts, strict=True) if count > 1}
    return [each for each in COMPARISONS if any(known.issuperset(group) for group in each.needs)]


def _definition(comparisons: list[Comparison]) -> str:
    text = json.dumps([[repr(each) for each in comparisons], KEYS, RULES])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _compare(
    connection: duckdb.DuckDBPyConnection,
    comparisons: list[Comparison],
    active: list[RuleCount],
    definition: str,
    compare_all: CompareAll | None,
) -> int:
    _fingerprint(connection)
    before = earlier_rules(connection, definition)
    if before is None:
        empty_vectors(connection, comparisons)
        if compare_all:
            return compare_all(connection, comparisons, active)
        return compare_changed(connection, comparisons, active, added=())
    connection.execute(
        """
        update attribute set is_changed = false
        from earlier_print
        where earlier_print.uid = attribute.uid and earlier_print.print = attribute.print
        """
    )
    now = {rule.name for rule in active}
    keep_unchanged(connection, active, dropped=sorted(before - now))
    added = [rule for rule in active if rule.name not in before]
    return compare_changed(connection, comparisons, active, added)


def _make_room_for_evidence(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table link_evidence (match bigint, match_weight double, evidence varchar)"
    )


def _fingerprint(connection: duckdb.DuckDBPyConnection) -> None:
    """Add print (of all attributes) and is_changed (true) to every record."""
    names = connection.execute(
        """
        select string_agg(column_name, ', ' order by column_name)
        from (describe attribute)
        where column_name not in ('rid', 'record_key')
        """
    ).fetchone()[0]
    connection.execute(
        f"""
        create or replace table attribute as
        select *, cast(hash({names}) >> 1 as bigint) as print, true as is_changed from attribute
        """  # noqa: S608
    )


def _read_vectors(
    connection: duckdb.DuckDBPyConnection, trained: list[Comparison]
) -> tuple[Vectors, np.ndarray, np.ndarray]:
    """The vectors as columns, and the places of both records in order of uid."""
    table = connection.execute("from match_vector").fetchnumpy()
    uid = connection.execute("select uid from attribute order by uid").fetchnumpy()["uid"]
    left, right = (np.searchsorted(uid, table.pop(f"uid_{side}")).astype(np.int32) for side in "lr")
    terms = {
        attribute: _term(connection, attribute, left, right)
        for attribute in sorted(
            {level.term_frequency for each in trained for level in each.levels} - {None}
        )
    }
    levels = {each.name: np.asarray(table[f"level_{each.name}"]) for each in trained}
    source = connection.execute(
        """
        select dense_rank() over (order by record.source) - 1 as source
        from attribute
        inner join record on record.rid = attribute.rid
        order by attribute.uid
        """
    ).fetchnumpy()["source"]
    size = np.bincount(source)
    first, second = np.triu_indices(len(size))
    number = np.zeros((len(size), len(size)), dtype=np.int64)
    number[first, second] = number[second, first] = np.arange(len(first))
    pairs = np.where(
        first == second, size[first] * (size[first] - 1) / 2, size[first] * size[second]
    )
    of_pair = number[source[left], source[right]].astype(np.int32)
    return Vectors(levels, terms, of_pair, np.maximum(pairs, 1), len(uid)), left, right


def _term(
    connection: duckdb.DuckDBPyConnection, attribute: str, left: np.ndarray, right: np.ndarray
) -> Term:
    """Holders of the value of every pair."""
    if attribute == "phone_pattern":
        return _look_alikes(connection, left, right)
    count = connection.execute(
        f"""
        select case
            when {attribute} is null then 0 else count(*) over (partition by {attribute})
        end as holders
        from attribute
        order by uid
        """  # noqa: S608
    ).fetchnumpy()["holders"]
    holders = np.maximum(count[left], count[right]).astype(np.int32)
    return Term(holders, int((count > 0).sum()))


def _look_alikes(
    connection: duckdb.DuckDBPyConnection, left: np.ndarray, right: np.ndarray
) -> Term:
    """How many other phone numbers show the digits that a pair shows.

    What counts is different numbers, however many records show each. Where no other known number
    looks like it, the frequency is the mean over all numbers.
    """
    others = (
        connection.execute(
            """
        select coalesce(shown.numbers - 1, 0) as others
        from attribute
        left join (
            select phone_pattern, count(distinct phone) as numbers
            from attribute
            where phone is not null
            group by phone_pattern
        ) as shown on shown.phone_pattern = attribute.phone_pattern
        order by attribute.uid
        """
        )
        .fetchnumpy()["others"]
        .astype(float)
    )
    numbers, alike = connection.execute(
        """
        select coalesce(sum(numbers), 0), coalesce(sum(numbers * (numbers - 1)), 0)
        from (
            select count(distinct phone) as numbers
            from attribute
            where phone is not null
            group by phone_pattern
        )
        """
    ).fetchone()
    mean = max(int(alike), 2) / max(int(numbers), 1)
    return Term(
        np.maximum(np.maximum(others[left], others[right]), mean), int(numbers), has_repeats=False
    )


def _decide(
    connection: duckdb.DuckDBPyConnection,
    config: MatchingConfig,
    trained: list[Comparison],
    vectors: Vectors,
    left: np.ndarray,
    right: np.ndarray,
    scale: Weights,
    weight: np.ndarray,
) -> Matches:
    """The links that the scores justify; model and report are the caller's."""
    threshold = math.log2(config.link_probability / (1 - config.link_probability))
    likely = np.flatnonzero(weight >= threshold)
    weight, left, right = weight[likely].round(2), left[likely], right[likely]
    vectors = vectors.take(likely)
    levels, weights = vectors.levels, dict(pair_weights(scale, vectors))

    # 0 for a record without a full phone number
    facts = connection.execute(
        """
        select
            rid,
            case when phone is null then 0 else dense_rank() over (order by phone) end as phone_code
        from attribute
        order by uid
        """
    ).fetchnumpy()
    phone = np.asarray(facts["phone_code"])
    personal, is_known = _personal_weight(trained, levels, weights)
    is_personal = is_known & (personal >= config.personal_weight)
    is_contact = ~is_known & _contact_agrees(trained, levels) & ((phone[left] + phone[right]) > 0)
    ambiguous = is_contact & _ambiguous(left, right, levels, phone)
    chosen = (is_personal | is_contact) & ~ambiguous

    rid = np.asarray(facts["rid"]).astype(np.int64)
    a, b = np.minimum(rid[left], rid[right]), np.maximum(rid[left], rid[right])
    refused = sorted(
        (
            int(a[place]),
            int(b[place]),
            AMBIGUOUS_MASKED_PHONE if ambiguous[place] else HOUSEHOLD_ONLY,
        )
        for place in np.flatnonzero(~chosen)
    )
    order = np.flatnonzero(chosen)[np.lexsort((b[chosen], a[chosen]))]
    for first in range(0, len(order), EVIDENCE_AT_ONCE):
        places = order[first : first + EVIDENCE_AT_ONCE]
        table = pa.table(
            {
                "match": pa.array(first + np.arange(len(places))),
                "match_weight": pa.array(weight[places]),
                "evidence": _evidence(trained, levels, weights, scale.prior, places),
            }
        )
        add_to(connection, "link_evidence", table)
    return replace(
        no_matches(),
        a=a[order],
        b=b[order],
        rule=np.where(is_personal[order], MODEL_RULE, MODEL_CONTACT_RULE).astype(object),
        weight=weight[order],
        refused=refused,
        conflict_weight={
            name: min(0.0, scale.level[name][0])
            for name in ("given_name", "birth_date", "gender")
            if name in scale.level
        },
    )


def _personal_weight(
    trained: list[Comparison], levels: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """What personal evidence weighs in each pair, and whether there is any.

    A name that stands where the other record has its family name is personal only when the two
    are exchanged; a record with one name may hold just the family name of a household.
    """
    count = len(next(iter(levels.values())))
    total, is_known = np.zeros(count), np.zeros(count, dtype=bool)
    by_name = {each.name: each for each in trained}
    for each in trained:
        if not each.is_personal:
            continue
        counts = levels[each.name] != UNKNOWN_LEVEL
        if each.name == "given_name":
            crossed = np.isin(
                levels[each.name], [each.code(OTHER_NAME), each.code(LIKE_OTHER_NAME)]
            )
            if "family_name" in by_name:
                family = by_name["family_name"]
                crossed &= levels["family_name"] != family.code(EXCHANGED)
            counts &= ~crossed
        total += np.where(counts, weights[each.name], 0.0)
        is_known |= counts
    return total, is_known


def _contact_agrees(trained: list[Comparison], levels: Mapping[str, np.ndarray]) -> np.ndarray:
    agrees = np.zeros(len(next(iter(levels.values()))), dtype=bool)
    for each in trained:
        if each.is_contact:
            agrees |= levels[each.name] > 0
    return agrees


def _ambiguous(
    left: np.ndarray, right: np.ndarray, levels: Mapping[str, np.ndarray], phone: np.ndarray
) -> np.ndarray:
    """Pairs whose starred number fits more than one known number, which proves nothing."""
    masked = levels.get("masked_phone", np.full(len(left), UNKNOWN_LEVEL)) > 0
    starred = np.where(phone[left] == 0, left, right)
    shown = np.maximum(phone[left], phone[right])
    held = np.unique(np.c_[starred, shown][masked & (shown > 0)], axis=0)
    record, numbers = np.unique(held[:, 0], return_counts=True)
    return masked & np.isin(starred, record[numbers > 1])


def _evidence(
    trained: list[Comparison],
    levels: Mapping[str, np.ndarray],
    weights: Mapping[str, np.ndarray],
    prior: float,
    order: np.ndarray,
) -> pa.Array:
    """JSON lists of [comparison, level, weight], without what is unknown; whole columns at once."""
    count = len(order)
    parts = [pa.array([f'[["prior", null, {prior}]'] * count, type=pa.string())]
    sources = weights[SOURCES][order]
    nothing = pa.array(["null"] * count, type=pa.string())
    parts.append(_part(SOURCES, nothing, sources, sources != 0.0))
    for each in trained:
        codes = levels[each.name][order]
        names = pa.array(
            [json.dumps(each.level_name(code)) for code in range(len(each.levels) + 1)]
        ).take(pa.array(np.maximum(codes, 0)))
        parts.append(_part(each.name, names, weights[each.name][order], codes != UNKNOWN_LEVEL))
    joined = pc.binary_join_element_wise(*parts, ", ", null_handling="skip")
    return pc.binary_join_element_wise(joined, "]", "")


def _part(name: str, levels: pa.Array, weight: np.ndarray, is_known: np.ndarray) -> pa.Array:
    # Cents of bits as whole numbers, because a float of -7.3 may print as -7.300000000000001.
    cents = np.round(weight * 100).astype(np.int64)
    sign = pa.array(np.where(cents < 0, "-", ""), type=pa.string())
    whole = pa.array(abs(cents) // 100).cast(pa.string())
    rest = pc.utf8_lpad(pa.array(abs(cents) % 100).cast(pa.string()), width=2, padding="0")
    text = pc.binary_join_element_wise(
        f'["{name}", ', levels, ", ", sign, whole, ".", rest, "]", ""
    )
    return pc.if_else(pa.array(is_known), text, pa.scalar(None, pa.string()))
