"""Why records are one customer, or why not: the evidence as it was published.

Belongs here: finding the links, the shortest path and the refusals in a published file.
Does not belong here: printing or drawing them, anything that needs values in the clear. This module
stands outside the identity package so that a question is answered before the libraries that
resolution needs would have loaded.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.sql import literal

PRIOR = "prior"
MOST_BLOCKED = 50


class UnknownSubjectError(LookupError):
    """No such customer or record has been published."""


@dataclass(frozen=True)
class Evidence:
    """One part of what a link by the matching model rests on.

    Attributes:
        comparison: What was compared; `prior` for what is known before looking.
        level: How it agrees; None where there is no level.
        weight: In bits; the weights of a link add up to its match weight.
    """

    comparison: str
    level: str | None
    weight: float


@dataclass(frozen=True)
class Link:
    """A link between two records that stands."""

    record_a: str
    record_b: str
    rule: str
    id_type: str | None
    id_scope: str | None
    value_hash: str | None
    probability: float
    match_weight: float | None
    evidence: tuple[Evidence, ...]
    first_seen_at: datetime | None
    last_seen_at: datetime | None

    @property
    def ends(self) -> tuple[str, str]:
        """The two records."""
        return self.record_a, self.record_b


@dataclass(frozen=True)
class Refusal:
    """Evidence that was not used."""

    record_a: str | None
    record_b: str | None
    id_type: str | None
    record_count: int | None
    reason: str


@dataclass(frozen=True)
class Event:
    """Something that happened to the customer's id."""

    event: str
    as_of_date: date | None
    customer_id: str
    related_customer_id: str | None
    record_count: int
    reason: str | None


@dataclass(frozen=True)
class CustomerExplanation:
    """How a customer hangs together.

    Attributes:
        asked_for: The id or record that was asked for.
        customer_id: The customer it leads to now.
        household_id: Where that customer lives; None when the file does not say.
        records: record key, match method and probability, in order of the key.
        links: One link fewer than records: the strongest that connect all of them.
        refusals: Evidence about these records that was not used.
        events: History of the id, oldest first.
    """

    asked_for: str
    customer_id: str
    household_id: str | None
    records: tuple[tuple[str, str, float], ...]
    links: tuple[Link, ...]
    refusals: tuple[Refusal, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class PairExplanation:
    """Why two records are one customer, or that they are not.

    Attributes:
        record_a, record_b: The records that were asked for.
        customer_a, customer_b: Their customers.
        path: Links from one to the other, fewest first, of those the surest; empty when they are
            two customers.
        further: Other links between records that are neighbours on the path.
        refusals: Evidence about the two that was not used, that between them first.
    """

    record_a: str
    record_b: str
    customer_a: str
    customer_b: str
    path: tuple[Link, ...]
    further: tuple[Link, ...]
    refusals: tuple[Refusal, ...]


def explain_customer(connection: duckdb.DuckDBPyConnection, subject: str) -> CustomerExplanation:
    """How the customer of an id or a record hangs together.

    Args:
        connection: The published file.
        subject: A customer_id, also one that was merged long ago, or source:record.

    Returns:
        The explanation.

    Raises:
        UnknownSubjectError: Nobody is or was called so, or no record of that customer is left.
    """
    customer = _customer_of(connection, subject)
    _ask(connection, customer=literal(customer))
    records = connection.execute(
        """
        select id_scope || ':' || id_value, match_method, match_probability
        from id_map
        where id_type = 'record' and customer_id = getvariable('customer')
        order by 1
        """
    ).fetchall()
    household = connection.execute(
        """
        select household_id from customer_household where customer_id = getvariable('customer')
        """
    ).fetchone()
    events = connection.execute(
        """
        select event, as_of_date, customer_id, related_customer_id, record_count, reason
        from id_history
        where getvariable('customer') in (customer_id, related_customer_id)
        order by event_id
        """
    ).fetchall()
    return CustomerExplanation(
        asked_for=subject,
        customer_id=customer,
        household_id=household[0] if household else None,
        records=tuple(records),
        links=_strongest_links(_links(connection, customer)),
        refusals=_refusals(connection, [key for key, *_ in records]),
        events=tuple(Event(*row) for row in events),
    )


def explain_pair(
    connection: duckdb.DuckDBPyConnection, record_a: str, record_b: str
) -> PairExplanation:
    """Why two records are one customer, by the shortest path of evidence.

    Args:
        connection: The published file.
        record_a: source:record.
        record_b: source:record.

    Returns:
        The explanation.

    Raises:
        UnknownSubjectError: One of them has not been published.
    """
    customers = [_customer_of_record(connection, record) for record in (record_a, record_b)]
    for record, customer in zip((record_a, record_b), customers, strict=True):
        if customer is None:
            raise UnknownSubjectError(_unknown(record))
    path: tuple[Link, ...] = ()
    further: tuple[Link, ...] = ()
    if customers[0] == customers[1]:
        links = _links(connection, customers[0])
        path = shortest_path(links, record_a, record_b)
        neighbours = {link.ends for link in path}
        further = tuple(
            link
            for link in sorted(links, key=_weakness)
            if link.ends in neighbours and link not in path
        )
    return PairExplanation(
        record_a,
        record_b,
        *customers,
        path,
        further,
        _refusals(connection, [record_a, record_b]),
    )


def is_record(connection: duckdb.DuckDBPyConnection, key: str) -> bool:
    """Whether a published record is called so (source:record)."""
    return _customer_of_record(connection, key) is not None


def shortest_path(links: Sequence[Link], start: str, end: str) -> tuple[Link, ...]:
    """The fewest links from one record to another; of several such paths the surest.

    Args:
        links: Of one customer.
        start: A record key.
        end: A record key.

    Returns:
        The links in order; empty when start is end, or when nothing connects them.
    """
    around: dict[str, list[Link]] = {}
    for link in links:
        around.setdefault(link.record_a, []).append(link)
        around.setdefault(link.record_b, []).append(link)
    reached: set[str] = set()
    count = 0
    waiting: list[tuple[int, float, int, str, tuple[Link, ...]]] = [(0, 0.0, count, start, ())]
    while waiting:
        hops, doubt, _, record, path = heapq.heappop(waiting)
        if record == end:
            return path
        if record in reached:
            continue
        reached.add(record)
        for link in sorted(around.get(record, ()), key=_weakness):
            count += 1
            other = link.record_b if link.record_a == record else link.record_a
            heapq.heappush(
                waiting, (hops + 1, doubt + 1 - link.probability, count, other, (*path, link))
            )
    return ()


def _strongest_links(links: Sequence[Link]) -> tuple[Link, ...]:
    """A spanning tree of the surest links."""
    parent: dict[str, str] = {}

    def find(record: str) -> str:
        while parent.setdefault(record, record) != record:
            record = parent[record]
        return record

    chosen = []
    for link in sorted(links, key=_weakness):
        a, b = find(link.record_a), find(link.record_b)
        if a != b:
            parent[b] = a
            chosen.append(link)
    return tuple(chosen)


def _weakness(link: Link) -> tuple:
    return (-link.probability, -(link.match_weight or 0.0), link.record_a, link.record_b, link.rule)


def _customer_of(connection: duckdb.DuckDBPyConnection, subject: str) -> str:
    _ask(connection, subject=literal(subject))
    found = connection.execute(
        """
        select current_customer_id from customer_redirect where customer_id = getvariable('subject')
        """
    ).fetchone()
    if found is None:
        customer = _customer_of_record(connection, subject)
        if customer is None:
            raise UnknownSubjectError(_unknown(subject))
        return customer
    if found[0] is None:
        raise UnknownSubjectError(f"{subject} has retired: none of its records is landed any more")
    return found[0]


def _customer_of_record(connection: duckdb.DuckDBPyConnection, record: str) -> str | None:
    source, _, value = record.partition(":")
    _ask(connection, source=literal(source), value=literal(value))
    found = connection.execute(
        """
        select customer_id
        from id_map
        where id_type = 'record'
            and id_scope = getvariable('source')
            and id_value = getvariable('value')
        """
    ).fetchone()
    return found[0] if found else None


def _unknown(subject: str) -> str:
    return (
        f"{subject} is neither a customer_id nor a record (source:source_customer_id) of the "
        "published file; id_map lists both"
    )


def _links(connection: duckdb.DuckDBPyConnection, customer: str) -> list[Link]:
    _ask(connection, customer=literal(customer))
    rows = connection.execute(
        """
        select
            record_key_a, record_key_b, rule, id_type, id_scope, value_hash, probability,
            match_weight, evidence, first_seen_at, last_seen_at
        from id_edge
        where customer_id = getvariable('customer')
        """
    ).fetchall()
    return [Link(*row[:8], _evidence(row[8]), *row[9:]) for row in rows]


def _evidence(text: str | None) -> tuple[Evidence, ...]:
    return tuple(Evidence(*part) for part in json.loads(text)) if text else ()


def _refusals(connection: duckdb.DuckDBPyConnection, records: Sequence[str]) -> tuple[Refusal, ...]:
    _ask(connection, records=f"[{', '.join(literal(record) for record in records)}]")
    rows = connection.execute(
        f"""
        select record_key_a, record_key_b, id_type, record_count, reason
        from (
            select
                *,
                list_contains(getvariable('records'), record_key_a) as is_about_a,
                coalesce(list_contains(getvariable('records'), record_key_b), false) as is_about_b
            from id_edge_blocked
        )
        where is_about_a or is_about_b
        order by
            is_about_a and is_about_b desc, record_key_a, record_key_b, reason, id_type
        limit {MOST_BLOCKED}
        """  # noqa: S608
    ).fetchall()
    return tuple(Refusal(*row) for row in rows)


def _ask(connection: duckdb.DuckDBPyConnection, **values: str) -> None:
    """Hand values to queries as session variables.

    A bound parameter makes DuckDB import pandas, which takes longer than all the queries do.
    """
    for name, value in values.items():
        connection.execute(f"set variable {name} = {value}")
