"""Short ways to write identity inputs in tests, and to read the outcome.

Belongs here: builders and readers shared by the identity tests. Does not belong here: assertions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pyarrow as pa

from orchestration.analysis.identity import IdentityConfig, Resolution, resolve
from orchestration.analysis.identity.schemas import IDENTIFIERS, OVERRIDES, RECORDS

KEY = b"a test key"
SEEN = "2025-01-01"


def record(
    key: str, name: str | None = None, birth: str | None = None, gender: str | None = None
) -> dict:
    """One record; `key` is source:source_customer_id."""
    source, customer = key.split(":", 1)
    return {
        "record_key": key,
        "source": source,
        "source_customer_id": customer,
        "full_name": name,
        "gender": gender,
        "birth_date": date.fromisoformat(birth) if birth else None,
        "first_seen_at": datetime.fromisoformat(SEEN),
        "last_seen_at": datetime.fromisoformat(SEEN),
    }


def holds(key: str, id_type: str, value: str, *, scope: str = "", seen: str = SEEN) -> dict:
    """One identifier of one record."""
    return {
        "record_key": key,
        "id_type": id_type,
        "id_scope": scope,
        "id_value": value,
        "first_seen_at": datetime.fromisoformat(seen),
        "last_seen_at": datetime.fromisoformat(seen),
    }


def records_table(rows: Iterable[dict]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=RECORDS)


def identifiers_table(rows: Iterable[dict]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=IDENTIFIERS)


def override(action: str, a: str = "", b: str = "", id_type: str = "", value: str = "") -> dict:
    """One row of identity_overrides; `a` and `b` are source:source_customer_id."""
    source_a, _, customer_a = a.partition(":")
    source_b, _, customer_b = b.partition(":")
    texts = (action, source_a, customer_a, source_b, customer_b, id_type, value)
    return dict(zip(OVERRIDES.names, (text or None for text in texts), strict=True))


def run(
    records: Iterable[dict | str],
    identifiers: Iterable[dict] = (),
    *,
    after: Resolution | None = None,
    overrides: Iterable[dict] = (),
    run_id: str = "run",
    config: IdentityConfig | None = None,
) -> Resolution:
    """Resolve; records may be bare keys, `after` is the run before."""
    rows = [record(row) if isinstance(row, str) else row for row in records]
    return resolve(
        records_table(rows),
        identifiers_table(identifiers),
        previous_map=after.id_map if after else None,
        previous_history=after.id_history if after else None,
        previous_former_ids=after.record_former_id if after else None,
        overrides=pa.Table.from_pylist(list(overrides), schema=OVERRIDES),
        run_id=run_id,
        as_of_date=date(2025, 6, 30),
        config=config,
        hash_key=KEY,
    )


def customer_of(resolution: Resolution) -> dict[str, str]:
    """customer_id of each record_key."""
    return {
        f"{row['id_scope']}:{row['id_value']}": row["customer_id"]
        for row in resolution.id_map.to_pylist()
        if row["id_type"] == "record"
    }


def groups(resolution: Resolution) -> set[frozenset[str]]:
    """The customers, as sets of record_keys."""
    members: dict[str, set[str]] = {}
    for key, customer in customer_of(resolution).items():
        members.setdefault(customer, set()).add(key)
    return {frozenset(keys) for keys in members.values()}


def sets(*texts: str) -> set[frozenset[str]]:
    """sets('a:1 b:2', 'c:3'): the wanted customers."""
    return {frozenset(text.split()) for text in texts}


def blocked(resolution: Resolution) -> set[tuple[str, str | None, str]]:
    """record_key_a, record_key_b and reason of every blocked row."""
    return {
        (row["record_key_a"], row["record_key_b"], row["reason"])
        for row in resolution.id_edge_blocked.to_pylist()
    }


def events(resolution: Resolution, run_id: str) -> list[tuple[str, str, str | None, int, str]]:
    """event, customer_id, related_customer_id, record_count and reason of one run's events."""
    return [
        (
            row["event"],
            row["customer_id"],
            row["related_customer_id"],
            row["record_count"],
            row["reason"],
        )
        for row in resolution.id_history.to_pylist()
        if row["run_id"] == run_id
    ]
