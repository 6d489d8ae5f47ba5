"""Measuring one resolution: is this crosswalk fit to be used.

Belongs here: the tables that quality queries see, and measures that are no query.
Does not belong here: the queries and their thresholds (checks/identity.py), comparing with known
truth (accuracy.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.analysis.identity.bridges import bridges
from orchestration.analysis.identity.config import (
    BRIDGE_PROBABILITY,
    BRIDGE_SIDE_RECORDS,
    OVERRIDE_RULE,
)
from orchestration.analysis.identity.schemas import ID_QUALITY

PASSED, WARNED, FAILED = "passed", "warned", "failed"


class Check(Protocol):
    """One measure: a name, what it is, its thresholds, and a query; None where no query measures.

    A query sees `records`, `identifiers`, `id_map`, `id_edge`, `customer_redirect`,
    `customer_household`; `member` (records with customer_id), `size` (records per customer),
    `earlier_size` (the same before this run), `event` (this run's history) and `forced`
    (customers with a link by override).
    """

    name: str
    description: str
    warn_above: float
    fail_above: float | None
    sql: str | None


def measure_quality(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    overrides_unmatched: int,
    run_id: str,
) -> pa.Table:
    """Measure a resolution.

    Args:
        connection: The workspace that `resolve_workspace` has been through.
        checks: What to measure; those without a query are weak_bridge_share and
            unmatched_overrides.
        overrides_unmatched: Rows of the override table that wait for their record or value.
        run_id: This run, whose events count.

    Returns:
        schemas.ID_QUALITY, one row per check, in the order of the checks.
    """
    earlier = dict(connection.execute("select check_name, value from previous_quality").fetchall())
    _prepare(connection, run_id)
    measured = {
        "weak_bridge_share": _weak_bridge_share(connection),
        "unmatched_overrides": float(overrides_unmatched),
    }
    rows = []
    for check in checks:
        if check.sql is None:
            value = measured[check.name]
        else:
            value = float(connection.execute(check.sql).fetchone()[0] or 0)
        rows.append(
            {
                "check_name": check.name,
                "value": value,
                "previous_value": earlier.get(check.name),
                "warn_above": check.warn_above,
                "fail_above": check.fail_above,
                "outcome": _outcome(value, check),
                "description": check.description,
            }
        )
    return pa.Table.from_pylist(rows, schema=ID_QUALITY)


def _outcome(value: float, check: Check) -> str:
    if check.fail_above is not None and value > check.fail_above:
        return FAILED
    return WARNED if value > check.warn_above else PASSED


def _prepare(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """The tables that checks see."""
    connection.execute("create temporary view records as from record_input")
    connection.execute("create temporary view identifiers as from identifier_input")
    connection.execute(
        """
        create temporary table member as
        select
            records.record_key,
            records.full_name,
            records.birth_date,
            records.gender,
            id_map.customer_id
        from records
        inner join id_map
            on id_map.id_type = 'record'
            and id_map.id_scope = records.source
            and id_map.id_value = records.source_customer_id
        """
    )
    connection.execute(
        """
        create temporary table size as
        select customer_id, count(*) as record_count from member group by customer_id
        """
    )
    connection.execute(
        """
        create temporary table earlier_size as
        select customer_id, count(*) as record_count
        from previous_map
        where id_type = 'record'
        group by customer_id
        """
    )
    connection.execute(
        "create temporary table event as select * from id_history where run_id = ?", [run_id]
    )
    connection.execute(
        "create temporary table forced as select distinct customer_id from id_edge where rule = ?",
        [OVERRIDE_RULE],
    )


def _weak_bridge_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Among customers large enough, those that fall into two groups without one doubtful link."""
    connection.execute(
        """
        create temporary table large as
        select customer_id from size where record_count >= ?
        """,
        [2 * BRIDGE_SIDE_RECORDS],
    )
    large = connection.execute("select count(*) from large").fetchone()[0]
    links = connection.execute(
        """
        with

        doubtful as (

            select distinct customer_id
            from id_edge
            where probability < ? and customer_id in (select customer_id from large)

        ),

        numbered as (

            select distinct
                customer_id,
                record_key,
                dense_rank() over (order by record_key) as place
            from (
                select customer_id, record_key_a as record_key from id_edge
                union all
                select customer_id, record_key_b from id_edge
            )
            where customer_id in (select customer_id from doubtful)

        )

        select
            dense_rank() over (order by id_edge.customer_id) as customer,
            a.place as a,
            b.place as b,
            id_edge.probability
        from id_edge
        inner join numbered as a on a.record_key = id_edge.record_key_a
        inner join numbered as b on b.record_key = id_edge.record_key_b
        """,
        [BRIDGE_PROBABILITY],
    ).fetchnumpy()
    if not large or not len(links["a"]):
        return 0.0
    place, smaller = bridges(links["a"].astype(np.int64), links["b"].astype(np.int64))
    is_weak = (links["probability"][place] < BRIDGE_PROBABILITY) & (smaller >= BRIDGE_SIDE_RECORDS)
    return len(np.unique(links["customer"][place[is_weak]])) / large
