"""Checks that stop a run before wrong people reach anybody.

Belongs here: what is measured of every crosswalk, from when a value is suspicious and from when the
run stops. Does not belong here: matching, or running the queries (analysis/identity/quality.py).

Integrity admits no exception. Shares warn where a well-run customer base does not get, and fail
where something must be broken: an identifier that many people share, a source that lost a column.
The dirtiest published set tried, fake_1000, has 30 % of customers with more than three spellings
of a name and 56 % with two birth dates; it must still pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from orchestration.checks.results import check_result
from orchestration.resources.run_record import CheckOutcome

ID_MAP = dg.AssetKey(["identity", "id_map"])
PASSED, WARNED = "passed", "warned"


@dataclass(frozen=True)
class IdentityCheck:
    """One measure of a crosswalk.

    Attributes:
        name: Name of the check.
        description: What the value is.
        warn_above: Suspicious above this.
        fail_above: Above this the run stops; None for a value that only ever warns.
        sql: Query giving the value, over the tables that analysis/identity/quality.py names; None
            where no query measures.
    """

    name: str
    description: str
    warn_above: float
    fail_above: float | None
    sql: str | None = None

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """What can fail blocks everything downstream."""
        return dg.AssetCheckSpec(
            self.name,
            asset=ID_MAP,
            description=self.description,
            blocking=self.fail_above is not None,
        )

    def result(self, row: dict) -> tuple[dg.AssetCheckResult, CheckOutcome]:
        """From a row of id_quality: the result for Dagster and the row for ops.dq_result."""
        outcome = CheckOutcome(
            self.name,
            "warn" if self.fail_above is None or row["outcome"] == WARNED else "error",
            row["value"],
            row["outcome"] == PASSED,
            self.description,
        )
        thresholds = {
            name: row[name] for name in ("warn_above", "fail_above") if row[name] is not None
        }
        return check_result(self.spec, outcome, thresholds), outcome


IDENTITY_CHECKS = (
    IdentityCheck(
        "every_record_has_one_customer",
        "Source records that do not stand in the crosswalk exactly once.",
        0,
        0,
        """
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
        "one_membership_per_customer",
        "Customers with two membership numbers of one programme that nobody put together by an "
        "override.",
        0,
        0,
        """
        select count(*)
        from (
            select customer_id, id_scope
            from id_map
            where id_type = 'member_no' and customer_id not in (select customer_id from forced)
            group by 1, 2
            having count(*) > 1
        )
        """,
    ),
    IdentityCheck(
        "one_account_per_customer",
        "Customers with two WeChat union ids of one account, or two checked identity numbers, that "
        "nobody put together by an override.",
        0,
        0,
        """
        select count(*)
        from (
            select customer_id, id_type, id_scope
            from id_map
            where customer_id not in (select customer_id from forced)
                and (
                    id_type = 'wechat_unionid'
                    or (
                        id_type = 'national_id'
                        and regexp_full_match(id_value, '[1-9][0-9]{16}[0-9X]')
                    )
                )
            group by 1, 2, 3
            having count(*) > 1
        )
        """,
    ),
    IdentityCheck(
        "every_id_leads_somewhere",
        "Customer ids in the crosswalk that the redirects do not lead to themselves.",
        0,
        0,
        """
        select count(*)
        from (select distinct customer_id from id_map) as living
        left join customer_redirect using (customer_id)
        where customer_redirect.current_customer_id is distinct from living.customer_id
        """,
    ),
    IdentityCheck(
        "largest_customer",
        "Records of the largest customer.",
        50,
        500,
        "select coalesce(max(record_count), 0) from size",
    ),
    IdentityCheck(
        "largest_household",
        "Customers in the largest household.",
        10,
        50,
        "select coalesce(max(member_count), 0) from customer_household",
    ),
    IdentityCheck(
        "many_names_share",
        "Share of customers with more than three different names.",
        0.02,
        0.60,
        """
        select coalesce(avg(case when names > 3 then 1.0 else 0.0 end), 0)
        from (select count(distinct full_name) as names from member group by customer_id)
        """,
    ),
    IdentityCheck(
        "two_birth_dates_share",
        "Share of customers with a birth date who have two or more.",
        0.05,
        0.80,
        """
        select coalesce(avg(case when dates > 1 then 1.0 else 0.0 end), 0)
        from (
            select count(distinct birth_date) as dates
            from member
            where birth_date is not null
            group by customer_id
        )
        """,
    ),
    IdentityCheck(
        "two_sexes_share",
        "Share of customers with a known sex who have both.",
        0.01,
        0.10,
        """
        select coalesce(avg(case when genders > 1 then 1.0 else 0.0 end), 0)
        from (
            select count(distinct lower(gender)) as genders
            from member
            where lower(gender) in ('female', 'male')
            group by customer_id
        )
        """,
    ),
    IdentityCheck(
        "many_contacts_share",
        "Share of customers with more than eight phone numbers and e-mail addresses.",
        0.005,
        0.05,
        """
        select coalesce(
            sum(case when contacts > 8 then 1.0 else 0.0 end)
                / nullif((select count(*) from size), 0),
            0
        )
        from (
            select member.customer_id, count(distinct identifiers.id_value) as contacts
            from identifiers
            inner join member using (record_key)
            where identifiers.id_type in ('phone', 'email')
            group by 1
        )
        """,
    ),
    IdentityCheck(
        "weak_bridge_share",
        "Share of customers of four records or more that one link less sure than 0.97 holds "
        "together.",
        0.35,
        0.80,
    ),
    IdentityCheck(
        "sparse_share",
        "Share of customers of 4 to 100 records of which less than a third of all pairs share "
        "anything or are linked: chains, in which everybody is somebody's neighbour and nobody is "
        "everybody's.",
        0.10,
        0.90,
        """
        with

        shown as (

            select member.customer_id, identifiers.*
            from identifiers
            inner join member using (record_key)
            inner join size using (customer_id)
            where size.record_count between 4 and 100

        ),

        near as (

            select a.customer_id, a.record_key as one, b.record_key as other
            from shown as a
            inner join shown as b
                on a.customer_id = b.customer_id
                and a.id_type = b.id_type
                and a.id_scope = b.id_scope
                and a.id_value = b.id_value
                and a.record_key < b.record_key
            union
            select
                customer_id,
                least(record_key_a, record_key_b),
                greatest(record_key_a, record_key_b)
            from id_edge

        ),

        density as (

            select
                size.customer_id,
                count(near.one) * 2.0 / (size.record_count * (size.record_count - 1)) as density
            from size
            left join near using (customer_id)
            where size.record_count between 4 and 100
            group by size.customer_id, size.record_count

        )

        select coalesce(avg(case when density < 1.0 / 3 then 1.0 else 0.0 end), 0) from density
        """,
    ),
    IdentityCheck(
        "single_record_share",
        "Share of customers with one record only; a source that lost its identifiers drives it up.",
        0.90,
        1.0,
        "select coalesce(avg(case when record_count = 1 then 1.0 else 0.0 end), 0) from size",
    ),
    IdentityCheck(
        "single_record_share_change",
        "How far that share moved since the last run.",
        0.05,
        0.25,
        """
        select case when exists (select 1 from earlier_size) then abs(
            (select avg(case when record_count = 1 then 1.0 else 0.0 end) from size)
            - (select avg(case when record_count = 1 then 1.0 else 0.0 end) from earlier_size)
        ) else 0 end
        """,
    ),
    IdentityCheck(
        "merged_share",
        "Share of the last run's customers that this run merged into others.",
        0.05,
        0.30,
        """
        select coalesce(
            (select count(*) from event where event = 'merged')
                / nullif((select count(*) from earlier_size), 0),
            0
        )
        """,
    ),
    IdentityCheck(
        "split_share",
        "Share of the last run's customers that this run took records from.",
        0.02,
        0.20,
        """
        select coalesce(
            (select count(distinct customer_id) from event where event = 'split')
                / nullif((select count(*) from earlier_size), 0),
            0
        )
        """,
    ),
    IdentityCheck(
        "retired_share",
        "Share of the last run's customers of whom no record is left.",
        0.02,
        0.30,
        """
        select coalesce(
            (select count(*) from event where event = 'retired')
                / nullif((select count(*) from earlier_size), 0),
            0
        )
        """,
    ),
    IdentityCheck(
        "unmatched_overrides",
        "Rows of the override table that name a record or value that has not landed.",
        0,
        None,
    ),
)
