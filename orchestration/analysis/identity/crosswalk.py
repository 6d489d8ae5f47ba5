"""The tables people read: id_map, id_edge, id_edge_blocked.

Belongs here: turning record, value and customer numbers back into keys, hashes and ids.
Does not belong here: decisions; everything here was decided before.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.analysis.identity.arrow import keep
from orchestration.analysis.identity.carry_over import customer_id_of
from orchestration.analysis.identity.config import (
    CERTAIN_PROBABILITY,
    DEVICE_ID_TYPE,
    OWN_METHOD,
    RECORD_ID_TYPE,
    LinkKind,
)
from orchestration.analysis.identity.edges import NO_TIME, strengths
from orchestration.analysis.identity.matching.linking import Matches
from orchestration.analysis.identity.workspace import UNKNOWN, note_blocked_values

SHARED_DEVICE = "shared_device"


def register_customers(
    connection: duckdb.DuckDBPyConnection,
    number_of_record: np.ndarray,
    links: pd.DataFrame,
    kinds: tuple[LinkKind, ...],
    matches: Matches,
) -> None:
    """Leave the outcome in the workspace.

    Tables made:
        resolved: rid, customer_id, match_method and match_probability of the strongest link at
            the record ('own' and 1.0 without one).
        link: hub, member, value_id, kind, match, probability and the times, one row per link that
            stands.
        link_rule: kind, rule; the last one stands for records without a link.
    """
    is_model = (links["match"] != UNKNOWN).to_numpy()
    kind = links["kind"].to_numpy()
    probability = np.array([each.probability for each in kinds])[kind]
    probability[is_model] = matches.probability[links["match"].to_numpy()[is_model]]
    rank = np.empty(len(links), dtype=np.int64)
    rank[np.lexsort((probability, kind, strengths(links, kinds)))] = np.arange(len(links))
    best = np.full(len(number_of_record), UNKNOWN, dtype=np.int64)
    for end in ("hub", "member"):
        np.maximum.at(best, links[end].to_numpy(), rank)
    strongest = np.argsort(rank)[best] if len(links) else best
    has_link = best != UNKNOWN
    method = np.where(has_link, kind[strongest] if len(links) else 0, len(kinds))
    surest = np.where(has_link, probability[strongest] if len(links) else 0.0, CERTAIN_PROBABILITY)
    keep(
        connection,
        "link_rule",
        pa.table(
            {
                "kind": pa.array(range(len(kinds) + 1), type=pa.int64()),
                "rule": [*(each.name for each in kinds), OWN_METHOD],
            }
        ),
    )
    connection.register(
        "decided",
        pa.table(
            {
                "rid": pa.array(np.arange(len(number_of_record), dtype=np.int32)),
                "number": pa.array(number_of_record),
                "kind": pa.array(method),
                "match_probability": pa.array(surest),
            }
        ),
    )
    connection.execute(
        f"""
        create table resolved as
        select
            decided.rid,
            {customer_id_of("decided.number")} as customer_id,
            link_rule.rule as match_method,
            decided.match_probability
        from decided
        inner join link_rule on link_rule.kind = decided.kind
        """  # noqa: S608
    )
    connection.unregister("decided")
    keep(
        connection,
        "link",
        pa.table(
            {
                **{name: pa.array(links[name].to_numpy()) for name in links.columns},
                "probability": pa.array(probability),
            }
        ),
    )


def id_map(connection: duckdb.DuckDBPyConnection) -> None:
    """Every record, and every identifier value that exactly one customer holds.

    Leaves the table `id_map`, shaped schemas.ID_MAP, records first, each part in order of its key.
    A blocked value has no row, nor has a further value of a hard-unique type at a record.
    match_method of an identifier is its type when several records of the customer show it, else
    'own'; its probability is that of the surest record showing it.
    """
    connection.execute(
        """
        create table id_map as
        with

        value_customer as (

            select
                holding.value_id,
                min(resolved.customer_id) as customer_id,
                min(record.source) as first_source,
                max(record.source) as last_source,
                count(*) as record_count,
                max(resolved.match_probability) as match_probability
            from holding
            inner join resolved on resolved.rid = holding.rid
            inner join record on record.rid = holding.rid
            where not holding.is_dropped
            group by 1
            having min(resolved.customer_id) = max(resolved.customer_id)

        ),

        value_sources as (

            -- most values are known to one source; only the others need the list
            select
                holding.value_id,
                string_agg(distinct record.source, ',' order by record.source) as source
            from holding
            inner join record on record.rid = holding.rid
            where not holding.is_dropped
                and holding.value_id in (
                    select value_id from value_customer where first_source < last_source
                )
            group by 1

        ),

        rows as (

            select
                0 as part,
                record.rid as place,
                $record_type as id_type,
                record.source as id_scope,
                record.source_customer_id as id_value,
                record.source_customer_id as published_value,
                resolved.customer_id,
                record.source,
                resolved.match_method,
                resolved.match_probability
            from record
            inner join resolved on resolved.rid = record.rid

            union all

            select
                1,
                value.value_id,
                value.id_type,
                value.id_scope,
                value.id_value,
                value.value_hash,
                value_customer.customer_id,
                coalesce(value_sources.source, value_customer.first_source),
                case when value_customer.record_count = 1 then $own else value.id_type end,
                value_customer.match_probability
            from value_customer
            inner join value on value.value_id = value_customer.value_id
            left join value_sources on value_sources.value_id = value_customer.value_id
            where value.blocked_by is null

        )

        select * exclude (part, place) from rows order by part, place
        """,
        {"record_type": RECORD_ID_TYPE, "own": OWN_METHOD},
    )


def id_edge(connection: duckdb.DuckDBPyConnection) -> None:
    """Every link that stands, smaller record_key first.

    Leaves the table `id_edge`, shaped schemas.ID_EDGE, in order of records and value.
    first_seen_at: when both records had shown the value; last_seen_at: when either last did.
    """
    connection.execute(
        """
        create table id_edge as
        select
            a.record_key as record_key_a,
            b.record_key as record_key_b,
            resolved.customer_id,
            link_rule.rule,
            value.id_type,
            value.id_scope,
            value.value_hash,
            link.probability,
            link_evidence.match_weight,
            link_evidence.evidence,
            case
                when a.source = b.source then a.source
                else least(a.source, b.source) || ',' || greatest(a.source, b.source)
            end as sources,
            make_timestamp(nullif(link.first_seen, $no_time)) as first_seen_at,
            make_timestamp(nullif(link.last_seen, $no_time)) as last_seen_at
        from link
        inner join link_rule on link_rule.kind = link.kind
        left join link_evidence on link_evidence.match = link.match
        inner join record as a on a.rid = least(link.hub, link.member)
        inner join record as b on b.rid = greatest(link.hub, link.member)
        inner join resolved on resolved.rid = a.rid
        left join value on value.value_id = link.value_id
        order by a.rid, b.rid, link.value_id, link.match
        """,
        {"no_time": NO_TIME},
    )


def id_edge_blocked(
    connection: duckdb.DuckDBPyConnection,
    guarded: list[tuple[int, int, int, int, str]],
    refused: list[tuple[int, int, int, str]],
    unlikely: list[tuple[int, int, str]],
) -> None:
    """Everything that was not allowed to link, with the reason.

    Leaves the table `id_edge_blocked`, shaped schemas.ID_EDGE_BLOCKED, in order of all columns.
    record_key_b is null where a value or a single record is concerned rather than a pair;
    record_key_a of a blocked value is the smallest record_key that holds it. record_count is the
    number of records holding the value, null where no value is involved.

    Args:
        connection: The workspace, resolved.
        guarded: From `guard_holdings`.
        refused: From `build_components`.
        unlikely: Pairs that the matching model scored high and that may not be linked all the same.
    """
    rows = [(*row[:3], row[4]) for row in guarded] + refused
    rows += [(a, b, UNKNOWN, reason) for a, b, reason in unlikely]
    pairs = pa.table(
        {
            # A lone record stands in a; else plain columns to join on, the smaller record first.
            "rid_a": pa.array((a if b == UNKNOWN else min(a, b) for a, b, *_ in rows), pa.int32()),
            "rid_b": pa.array(
                (None if b == UNKNOWN else max(a, b) for a, b, *_ in rows), pa.int32()
            ),
            "value_id": pa.array((value_id for _, _, value_id, _ in rows), pa.int32()),
            "reason": pa.array((reason for *_, reason in rows), pa.string()),
        }
    )
    connection.register("blocked_pair", pairs)
    note_blocked_values(connection)
    connection.execute(
        """
        create table id_edge_blocked as
        with

        held as (

            select value_id, min(rid) as rid, count(*) as record_count
            from holding
            group by 1

        ),

        blocked as (

            select * from blocked_value

            union all

            select
                a.record_key,
                b.record_key,
                value.id_type,
                value.id_scope,
                value.value_hash,
                held.record_count,
                blocked_pair.reason
            from blocked_pair
            inner join record as a on a.rid = blocked_pair.rid_a
            left join record as b on b.rid = blocked_pair.rid_b
            left join value on value.value_id = blocked_pair.value_id
            left join held on held.value_id = blocked_pair.value_id

            union all

            select
                record.record_key,
                null,
                value.id_type,
                value.id_scope,
                value.value_hash,
                held.record_count,
                $shared_device
            from held
            inner join value on value.value_id = held.value_id
            inner join record on record.rid = held.rid
            inner join (
                select holding.value_id
                from holding
                inner join resolved on resolved.rid = holding.rid
                group by 1
                having min(resolved.customer_id) < max(resolved.customer_id)
            ) as several on several.value_id = value.value_id
            where value.id_type = $device and value.blocked_by is null

        )

        select * from blocked order by all
        """,
        {"shared_device": SHARED_DEVICE, "device": DEVICE_ID_TYPE},
    )
    connection.unregister("blocked_pair")
