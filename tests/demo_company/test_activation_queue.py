"""Whom to write to, when and with what: next actions, audiences, queue, exports, triggers."""

from __future__ import annotations

import re

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_everybody_has_one_next_action_and_reads_why(company: Company) -> None:
    assert (
        company.value(
            "select count(*) from customer_360 full join customer_next_action using (customer_id) "
            "where customer_360.next_action is distinct from customer_next_action.next_action"
        )
        == 0
    )
    reasons = company.query(
        "select distinct play_code from customer_next_action where "
        "length(reason_zh) < 15 or length(reason_en) < 40 or not reason_zh like '%。'"
    )
    assert reasons == []
    plays = {play for (play,) in company.query("select play_code from customer_next_action")}
    assert {"points_gift", "stepped_discount", "daily_sign_in", "hot_item_coupon"} <= plays


def test_no_action_is_sent_without_consent(company: Company) -> None:
    allowed = " or ".join(
        f"(channel = '{name}' and is_contactable_{name})"
        for name in ("sms", "email", "push", "ads")
    )
    for table in ("customer_next_action", "trigger_event"):
        sent = company.value(
            f"select count(*) from {table} inner join customer_360 using (customer_id) "  # noqa: S608
            f"where channel is not null and not coalesce({allowed} or "
            "(channel = 'wechat' and followed_channels like '%wechat%'), false)"
        )
        assert sent == 0
    marketed = company.value(
        "select count(*) from customer_next_action inner join customer_360 using (customer_id) "
        "where age < 18 and (channel is not null or play_code <> 'no_marketing')"
    )
    assert marketed == 0


def test_an_audience_is_what_the_documentation_says_in_sql(company: Company) -> None:
    text = (DBT_PROJECT_DIR / "docs" / "audiences.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n-- (\w+)\n(.*?)```", text, re.DOTALL)
    assert len(queries) >= 2
    for code, sql in queries:
        by_hand = set(company.query(sql))
        members = company.query(
            "select customer_id from audience_membership where audience_code = ?", [code]
        )
        assert set(members) == by_hand, code
        assert members


def test_every_message_has_consent_an_arm_or_a_reason(company: Company) -> None:
    wrong = company.value(
        """
        select count(*)
        from activation_queue inner join customer_360 using (customer_id)
        where not case status
            when 'suppressed' then suppressed_because is not null and arm is null
            when 'held_out' then suppressed_because is null and arm = 'holdout'
            else suppressed_because is null and arm = 'treatment' and send_on = date '2026-01-01'
        end
        or (status <> 'suppressed' and not coalesce(case channel
            when 'sms' then is_contactable_sms
            when 'email' then is_contactable_email
            when 'push' then is_contactable_push
            when 'ads' then is_contactable_ads
            when 'wechat' then has_wechat and followed_channels like '%wechat%'
        end, false))
        """
    )
    assert wrong == 0
    counts = dict(company.query("select status, count(*) from activation_queue group by status"))
    assert counts["queued"] > 1_000
    assert 0.05 < counts["held_out"] / (counts["queued"] + counts["held_out"]) < 0.2
    kinds = {
        kind
        for (kind,) in company.query("select kind from activation_queue where arm = 'treatment'")
    }
    assert kinds == {"audience", "trigger", "next_action"}


def test_exports_hold_who_was_queued_and_no_identifier(company: Company, people) -> None:
    printed = company.strata("message", "export")
    assert "sms.csv" in printed
    for channel in ("wechat", "ads"):
        company.strata("audience", "export", "growth_customers", "--channel", channel)
    company.strata("audience", "sync")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{company.published}' as published (read_only)")
        files = f"{company.home}/exports/messages/*/*.csv"
        assert (
            connection.execute(
                "select (select count(*) from published.activation_queue where status = 'queued'), "
                "(select count(*) from read_csv(?, union_by_name = true))",
                [files],
            ).fetchone()
            == (company.value("select count(*) from activation_queue where status = 'queued'"),) * 2
        )
        # whom the queue holds out is in no file of the campaign's audience
        exported = f"{company.home}/exports/audiences/growth_customers/*/*/members.csv"
        held_out = connection.execute(
            "select count(*) from read_csv(?, union_by_name = true) as exported "
            "join published.activation_queue as queue using (customer_id) "
            "where queue.campaign_id = 'growth_stepped_discount' and queue.arm = 'holdout'",
            [exported],
        ).fetchone()
        assert held_out == (0,)
    known = {
        str(value).strip("+")
        for row in people.execute(
            "select phone, email, full_name from truth.main.person"
        ).fetchall()
        for value in row
        if value
    }
    for path in (company.home / "exports").rglob("*.csv"):
        cells = {cell for line in path.read_text().splitlines() for cell in line.split(",")}
        assert cells.isdisjoint(known), path


def test_most_triggers_find_somebody(company: Company) -> None:
    # prices of the demo do not change
    fired = {code for (code,) in company.query("select trigger_code from trigger_event")}
    assert fired == {
        "birthday", "cart_abandoned", "first_churn", "registered_no_order", "replenishment",
        "win_back",
    }  # fmt: skip


def test_hours_are_those_of_the_persons_habit(people: duckdb.DuckDBPyConnection) -> None:
    customers, near, near_common = people.execute(
        """
        with own as (
            select best_hour, habit_hour, mode(best_hour) over () as common_hour
            from published.customer_contact_preference
            inner join customer_person using (customer_id)
            inner join truth.main.contact_habit using (person_id)
            where hour_served_by = 'model' and hour_act_count >= 20
        )
        select
            count(*),
            avg(cast((best_hour - habit_hour + 24) % 24 in (0, 1, 23) as integer)),
            avg(cast((common_hour - habit_hour + 24) % 24 in (0, 1, 23) as integer))
        from own
        """
    ).fetchone()
    assert customers > 300
    assert near > 0.75
    assert near > 2 * near_common


def test_nobody_is_to_be_written_to_without_consent(company: Company) -> None:
    refused = company.query(
        """
        select customer_id, best_channel
        from customer_contact_preference
        inner join customer_360 using (customer_id)
        where (best_channel = 'sms' and not is_contactable_sms)
            or (best_channel = 'email' and not is_contactable_email)
            or (best_channel = 'push' and not is_contactable_push)
            or (best_channel = 'ads' and not is_contactable_ads)
            or (best_channel = 'wechat' and coalesce(followed_channels, '') not like '%wechat%')
        """
    )
    assert refused == []
    everybody, named, hours = company.query(
        "select count(*), count(best_channel), count(best_hour) from customer_contact_preference"
    )[0]
    assert everybody == company.value("select count(*) from customer_360") == hours
    assert 0 < named < everybody


def test_no_audience_tells_an_analyst_who_is_young_or_has_a_birthday(company: Company) -> None:
    asked = "select distinct audience_code from {} order by all"
    tables = ("audience_membership", "audience_event")
    known = {code for table in tables for (code,) in company.query(asked.format(table))}
    told = {"birthday_this_month", "young_city_women"}
    assert told <= known
    company.strata("publish-role", "analyst")
    role = company.published.with_name("strata360_analyst.duckdb")
    with duckdb.connect(str(role), read_only=True) as connection:
        seen = {
            code
            for table in tables
            for (code,) in connection.execute(asked.format(table)).fetchall()
        }
    assert seen == known - told
