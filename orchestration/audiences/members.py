"""Finding the members of audiences in a DuckDB file.

Belongs here: running plans, and what has to be there before (lists, look-alikes). Does not belong
here: what rules mean (plan), printing (report), which file is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.audiences.definition import Alike, Audience, Listed
from orchestration.audiences.lists import FOLDER, FoundList, load_list
from orchestration.audiences.plan import Plan, Prepared, plan_audience
from orchestration.audiences.vocabulary import ROW_TABLES
from orchestration.sql import quote

if TYPE_CHECKING:
    import duckdb

    from orchestration.settings import Settings

#: What customers are compared by; interests in departments come on top.
ALIKE_FEATURES = (
    *("tenure_days", "days_since_last_order", "days_since_last_interaction", "order_count"),
    *("order_count_90d", "order_count_365d", "net_spend_90d", "net_spend_365d"),
    *("average_order_value", "median_days_between_orders", "unit_count", "discount_share"),
    *("coupon_order_share", "refund_share", "distinct_category_count", "distinct_channel_count"),
    *("store_order_share", "night_order_share", "weekend_order_share", "view_count_90d"),
    *("search_count_90d", "favorite_count_90d", "cart_count_90d", "share_count_90d"),
    *("session_count_365d", "review_count", "message_click_count_365d", "points_balance"),
)


@dataclass
class Finder:
    """Finds members in one open file.

    Attributes:
        connection: The published file or the build file.
        audiences: All audiences by code.
        schema: Where the file's tables are, `main` or `marts`.
        lists_dir: Where uploaded lists are.
        hash_key: Secret of the keyed hashes.
        phone_region: Region of numbers without a country code.
        notes: What somebody should know of the answers.
    """

    connection: duckdb.DuckDBPyConnection
    audiences: Mapping[str, Audience]
    schema: str
    lists_dir: Path
    hash_key: bytes
    phone_region: str
    notes: list[str] = field(default_factory=list)
    _ready: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.columns = _row_columns(self.connection, self.schema)
        row = self.connection.execute(
            f"select max(as_of_date) from {self.schema}.customer_360"  # noqa: S608
        ).fetchone()
        self.as_of_date: date | None = row[0]

    def plan(self, audience: Audience) -> Plan:
        """The query of an audience; what it needs is prepared."""
        plan = plan_audience(audience, self.audiences, self.schema, self.columns)
        for needed in plan.prepared:
            if needed.table not in self._ready:
                self._prepare(needed)
                self._ready.add(needed.table)
        return plan

    def store(self, audience: Audience, table: str) -> int:
        """Put the members (customer_id, reason_en, reason_zh) into a temporary table.

        Returns:
            How many there are.
        """
        plan = self.plan(audience)
        values = dict(plan.values)
        if "$as_of_date" in plan.sql:
            values["as_of_date"] = self.as_of_date
        self.connection.execute(f"create or replace temporary table {table} as {plan.sql}", values)
        return self.connection.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608

    def _prepare(self, needed: Prepared) -> None:
        if isinstance(needed.leaf, Listed):
            path = self.lists_dir / f"{needed.leaf.name}.csv"
            found = load_list(
                self.connection,
                needed.table,
                path,
                schema=self.schema,
                hash_key=self.hash_key,
                phone_region=self.phone_region,
            )
            self.notes.append(_list_note(needed.leaf.name, path, found))
        else:
            self._rank(needed.leaf, needed.table)

    def _rank(self, leaf: Alike, table: str) -> None:
        import numpy as np

        from orchestration.analysis.lookalike import similarity

        seed = f"temp.seed_of_{leaf.code}"
        count = self.store(self.audiences[leaf.code], seed)
        found = self.connection.execute(self._features(seed)).fetchnumpy()
        customer_ids, is_seed = found.pop("customer_id"), found.pop("is_seed")
        if not count or count == len(customer_ids):
            # a young company's best customers may be all of them, or none yet: no error of a run
            self.notes.append(
                f"nobody is like {leaf.code}: it has {count:,} of {len(customer_ids):,} customers, "
                "and a look-alike needs people inside and outside of it"
            )
            self.connection.execute(
                f"create or replace temporary table {table} (customer_id varchar)"
            )
            return
        features = np.array(
            [np.ma.filled(values.astype(np.float64), np.nan) for values in found.values()]
        ).T
        scores = np.round(similarity(features, is_seed.astype(bool)), 9)
        scores[is_seed.astype(bool)] = -np.inf
        size = min(leaf.size, len(scores) - count)
        # only those that may be among the chosen are put in order, equal scores by their ids
        least = np.partition(scores, len(scores) - size)[len(scores) - size]
        among = np.flatnonzero(scores >= least)
        order = among[np.lexsort((customer_ids[among].astype(str), -scores[among]))]
        chosen = {"customer_id": customer_ids[order[:size]].astype(object)}
        self.connection.register("alike_rows", chosen)
        self.connection.execute(
            f"create or replace temporary table {table} as select customer_id from alike_rows"  # noqa: S608
        )
        self.connection.unregister("alike_rows")

    def _features(self, seed: str) -> str:
        departments = [
            name
            for (name,) in self.connection.execute(
                f"select distinct department from {self.schema}.customer_department_interest "  # noqa: S608
                "order by department"
            ).fetchall()
        ]
        strengths = ", ".join(
            f"max(strength) filter (department = '{name}') as {quote('strength_' + name)}"
            for name in departments
        )
        columns = ", ".join(f"features.{name}" for name in ALIKE_FEATURES)
        columns += "".join(
            f", coalesce(interests.{quote('strength_' + name)}, 0) as {quote('strength_' + name)}"
            for name in departments
        )
        # codes of departments are those of the taxonomy
        return f"""
            select
                features.customer_id,
                features.customer_id in (select customer_id from {seed}) as is_seed,
                {columns}
            from {self.schema}.customer_features as features
            join {self.schema}.customer_360 as people
                on people.customer_id = features.customer_id
                and people.as_of_date = features.as_of_date
            left join (
                select customer_id{", " + strengths if strengths else ""}
                from {self.schema}.customer_department_interest
                group by customer_id
            ) as interests
                on interests.customer_id = features.customer_id
        """  # noqa: S608


def open_finder(
    connection: duckdb.DuckDBPyConnection,
    audiences: Mapping[str, Audience],
    settings: Settings,
    schema: str,
) -> Finder:
    """A finder of this company's lists and hashes."""
    return Finder(
        connection,
        audiences,
        schema,
        settings.home / FOLDER,
        settings.hash_key_bytes,
        settings.phone_region,
    )


def _list_note(name: str, path: Path, found: FoundList) -> str:
    if not path.exists():
        return f"list {name}: there is no {path.parent.name}/{path.name}, so nobody is on it"
    return f"list {name}: {found.rows:,} rows lead to {found.customers:,} customers"


def _row_columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, str]:
    """Table of ROW_TABLES that has each column, the first that does."""
    rows = connection.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? "
        "and list_contains(?, table_name) order by column_index",
        [schema, list(ROW_TABLES)],
    ).fetchall()
    found: dict[str, str] = {}
    for table in ROW_TABLES:
        for name in (column for of, column in rows if of == table):
            found.setdefault(name, table)
    return found
