"""One person: from what somebody names to the customer, their records, identifiers and orders.

Belongs here: finding them in the build file, and which landed rows are theirs.
Does not belong here: what is done with it (erase.py, export_person.py).

An identifier that another customer's records hold too (a family's phone) is that customer's as
well: it is not among the person's own, and what is known of the other one stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.audiences.lists import phone_number
from orchestration.resources.warehouse import table_exists
from orchestration.sql import qualified, quote

if TYPE_CHECKING:
    import duckdb

_CUSTOMER_ID = re.compile(r"c[0-9]{10,}")
_EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+")


class UnknownPersonError(LookupError):
    """Nobody is meant, or more than one person; says what to name instead, quotes no identifier."""


@dataclass(frozen=True)
class Person:
    """Everything by which one customer is known.

    Attributes:
        customer_id: Today's id.
        former_ids: Ids that lead to it.
        records: (source, source_customer_id).
        identifiers: (id_type, id_scope, id_value) that no other customer's records hold.
        shared_count: Identifiers that others hold too.
        orders: (source, order_id).
    """

    customer_id: str
    former_ids: tuple[str, ...]
    records: tuple[tuple[str, str], ...]
    identifiers: tuple[tuple[str, str, str], ...]
    shared_count: int
    orders: tuple[tuple[str, str], ...]

    @property
    def customer_ids(self) -> tuple[str, ...]:
        return (self.customer_id, *self.former_ids)


@dataclass(frozen=True)
class Feed:
    """A feed as staging reads it: which columns say whose a row is."""

    source: str
    feed: str
    customer: tuple[str, ...]
    order: tuple[str, ...]
    device: tuple[str, ...]

    @property
    def staged(self) -> str:
        """The staging table."""
        return f"staging.stg_{self.source}__{self.feed}"


def feeds_of(manifest: Mapping[str, Any]) -> list[Feed]:
    """Every landing feed, by source and name."""

    def names(landing: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = landing.get(key) or []
        return (value,) if isinstance(value, str) else tuple(value)

    found = []
    for table in manifest["sources"].values():
        landing = table["config"].get("meta", {}).get("landing")
        if landing:
            found.append(
                Feed(
                    table["source_name"],
                    table["name"],
                    *(names(landing, key) for key in ("customer", "order", "device")),
                )
            )
    return sorted(found, key=lambda feed: (feed.source, feed.feed))


def find_person(
    build: duckdb.DuckDBPyConnection, feeds: Iterable[Feed], subject: str, phone_region: str
) -> Person:
    """Who is meant.

    Args:
        build: The build file after a run.
        feeds: From `feeds_of`.
        subject: A customer_id, also a former one; SOURCE:RECORD; a phone number; or an e-mail.
        phone_region: Region of numbers without a country code.

    Raises:
        UnknownPersonError: Nobody, or several customers.
    """
    for needed in ("identity.id_map", "intermediate.int_identity__identifiers"):
        # an erasure or a retention leaves out what the next run computes
        if not table_exists(build, needed):
            raise UnknownPersonError(f"the build file has no {needed}; `strata run` makes it")
    customer_id = _customer(build, subject.strip(), phone_region)
    former = build.execute(
        "select customer_id from identity.customer_redirect "
        "where current_customer_id = $id and customer_id <> $id order by 1",
        {"id": customer_id},
    ).fetchall()
    records = build.execute(
        "select id_scope, id_value from identity.id_map "
        "where id_type = 'record' and customer_id = $id order by all",
        {"id": customer_id},
    ).fetchall()
    build.execute("create or replace temp table person_record (source varchar, number varchar)")
    if records:
        build.executemany("insert into person_record values (?, ?)", records)
    identifiers = build.execute(
        """
        with held as (
            select id_type, id_scope, id_value, bool_and(number is not null) as is_own,
                bool_or(number is not null) as is_held
            from intermediate.int_identity__identifiers
            left join person_record on record_key = source || ':' || number
            group by all
        )
        select id_type, id_scope, id_value, is_own from held where is_held order by all
        """
    ).fetchall()
    return Person(
        customer_id,
        tuple(one for (one,) in former),
        tuple(records),
        tuple(tuple(row[:3]) for row in identifiers if row[3]),
        sum(not row[3] for row in identifiers),
        tuple(_orders(build, feeds)),
    )


def rows_of(
    build: duckdb.DuckDBPyConnection, feeds: Iterable[Feed], person: Person
) -> Iterator[tuple[Feed, str]]:
    """Per feed that may hold rows of the person, the query of their _file_id and _row_number.

    Args:
        build: The connection that `find_person` was asked with; it gains temporary tables.
        feeds: From `feeds_of`.
        person: Whose rows.
    """
    build.execute("create or replace temp table person_order (source varchar, number varchar)")
    build.execute("create or replace temp table person_device (number varchar)")
    if person.orders:
        build.executemany("insert into person_order values (?, ?)", person.orders)
    devices = [[value] for kind, _, value in person.identifiers if kind == "device"]
    if devices:
        build.executemany("insert into person_device values (?)", devices)
    for feed in feeds:
        if not table_exists(build, feed.staged):
            continue
        mine = [_is_in("person_record", feed, name) for name in feed.customer]
        mine += [_is_in("person_order", feed, name) for name in feed.order]
        # whoever is logged in counts before the device that they are logged in on
        nobody = " and ".join(f"{quote(name)} is null" for name in feed.customer) or "true"
        mine += [f"({quote(name)} in (from person_device) and {nobody})" for name in feed.device]
        if mine:
            yield (
                feed,
                f"select _file_id, _row_number from {qualified(feed.staged)} "  # noqa: S608
                f"where {' or '.join(mine)}",
            )


def _is_in(table: str, feed: Feed, name: str) -> str:
    return (
        f"coalesce({quote(name)} in (select number from {table} "  # noqa: S608
        f"where source = '{feed.source}'), false)"
    )


def _customer(build: duckdb.DuckDBPyConnection, subject: str, phone_region: str) -> str:
    source, colon, number = subject.partition(":")
    if _CUSTOMER_ID.fullmatch(subject.lower()):
        found = build.execute(
            "select current_customer_id from identity.customer_redirect where customer_id = ?",
            [subject.lower()],
        ).fetchall()
    elif colon and not _EMAIL.fullmatch(subject):
        found = build.execute(
            "select customer_id from identity.id_map "
            "where id_type = 'record' and id_scope = ? and id_value = ?",
            [source.strip().lower(), number.strip()],
        ).fetchall()
    else:
        is_email = _EMAIL.fullmatch(subject)
        value = subject.lower() if is_email else phone_number(subject, phone_region)
        found = build.execute(
            """
            select distinct id_map.customer_id
            from intermediate.int_identity__identifiers as held
            inner join identity.id_map as id_map
                on id_map.id_type = 'record'
                and held.record_key = id_map.id_scope || ':' || id_map.id_value
            where held.id_type = ? and held.id_value = ?
            order by 1
            """,
            ["email" if is_email else "phone", value],
        ).fetchall()
    customers = [one for (one,) in found if one]
    if not customers:
        raise UnknownPersonError(
            "nobody is known by that; name a customer_id, SOURCE:RECORD, a phone number or an "
            "e-mail address"
        )
    if len(customers) > 1:
        raise UnknownPersonError(
            f"{len(customers)} customers are known by that: {', '.join(customers[:10])}; look at "
            "them with `strata explain` and name one"
        )
    return customers[0]


def _orders(build: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> Iterator[tuple[str, str]]:
    """Orders of the temporary person_record."""
    for feed in feeds:
        if not (feed.customer and feed.order) or not table_exists(build, feed.staged):
            continue
        mine = " or ".join(_is_in("person_record", feed, name) for name in feed.customer)
        # the first column names the order itself, others the one that it returns
        for (number,) in build.execute(
            f"select distinct {quote(feed.order[0])} from {qualified(feed.staged)} "  # noqa: S608
            f"where ({mine}) and {quote(feed.order[0])} is not null order by 1"
        ).fetchall():
            yield feed.source, number
