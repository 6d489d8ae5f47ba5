"""Checks that stop a run before wrong people reach anybody.

Belongs here: what must hold of every crosswalk, whatever the data. Does not belong here: matching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import dagster as dg
import duckdb
import pyarrow as pa

from orchestration.checks.results import check_result
from orchestration.resources.run_record import CheckOutcome

ID_MAP = dg.AssetKey(["identity", "id_map"])


@dataclass(frozen=True)
class IdentityCheck:
    """One query over the crosswalk; it counts what is wrong.

    The query sees `records` (int_identity__records), `identifiers` (int_identity__identifiers) and
    `id_map`, and returns one number.
    """

    name: str
    description: str
    severity: Literal["error", "warn"]
    sql: str

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """Errors block everything downstream."""
        return dg.AssetCheckSpec(
            self.name,
            asset=ID_MAP,
            description=self.description,
            blocking=self.severity == "error",
        )

    def evaluate(
        self, records: pa.Table, identifiers: pa.Table, id_map: pa.Table
    ) -> tuple[dg.AssetCheckResult, CheckOutcome]:
        """The result for Dagster and the row for ops.dq_result."""
        with duckdb.connect() as connection:
            for name, table in (
                ("records", records),
                ("identifiers", identifiers),
                ("id_map", id_map),
            ):
                connection.register(name, table)
            wrong = float(connection.execute(self.sql).fetchone()[0] or 0)
        outcome = CheckOutcome(self.name, self.severity, wrong, wrong == 0, self.description)
        return check_result(self.spec, outcome), outcome


IDENTITY_CHECKS = (
    IdentityCheck(
        name="every_record_has_one_customer",
        description="Each source record stands in the crosswalk exactly once.",
        severity="error",
        sql="""
            select count(*)
            from records
            full join (
                select id_scope as source, id_value as source_customer_id, count(*) as times
                from id_map
                where id_type = 'record'
                group by 1, 2
            ) as mapped using (source, source_customer_id)
            where mapped.times is distinct from 1 or records.record_key is null
        """,
    ),
    IdentityCheck(
        name="one_membership_per_customer",
        description="No customer holds two membership numbers of one programme.",
        severity="error",
        sql="""
            select count(*)
            from (
                select id_map.customer_id, identifiers.id_scope
                from identifiers
                inner join records using (record_key)
                inner join id_map
                    on id_map.id_type = 'record'
                    and id_map.id_scope = records.source
                    and id_map.id_value = records.source_customer_id
                where identifiers.id_type = 'member_no'
                group by 1, 2
                having count(distinct identifiers.id_value) > 1
            )
        """,
    ),
    IdentityCheck(
        name="no_giant_customer",
        description="No customer is made of more than 50 source records; more hints at an "
        "identifier that many people share.",
        severity="warn",
        sql="""
            select count(*)
            from (
                select customer_id
                from id_map
                where id_type = 'record'
                group by 1
                having count(*) > 50
            )
        """,
    ),
)
