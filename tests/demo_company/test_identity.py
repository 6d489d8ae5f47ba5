"""Who is who: records of ten channels, held against the people they are of."""

from __future__ import annotations

import pytest

from orchestration.demo import dirt, population
from orchestration.publishing.pseudonyms import pseudonym
from orchestration.settings import Settings
from tests.conftest import Company
from tests.demo_company.retailer import SEED

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_identity_is_precise_and_finds_most_people(people) -> None:
    from orchestration.demo.identity_accuracy import pairwise_accuracy

    records = people.execute(
        "select source, source_customer_id, person_id from truth.main.record"
    ).df()
    predicted = people.execute("from record_customer").df()
    accuracy = pairwise_accuracy(predicted, records)
    assert accuracy.precision >= 0.995
    # one pair in thirty has a record that shares nothing with any other of its person: an account
    # number alone, a phone that was mistyped
    assert accuracy.recall >= 0.95


def test_a_shop_phone_a_cashiers_email_and_a_kiosk_hold_nobody_together(
    company: Company, people
) -> None:
    settings = Settings(home=company.home)
    given = [f"+86{population.service_phone(SEED)}", dirt.PLACEHOLDER_EMAIL, "+8613800138000"]
    hashes = [pseudonym(value, settings.hash_key_bytes) for value in given]
    linked = company.query("from id_edge where list_contains(?, value_hash)", [hashes])
    assert linked == []
    # the hashes are the file's own: the shop's phone stands among what was refused
    refused = "select count(*) from id_edge_blocked where list_contains(?, value_hash)"
    assert company.value(refused, [hashes[:1]]) > 0
    kiosks = [
        pseudonym(device, settings.hash_key_bytes)
        for (device,) in people.execute(
            "select device_id from truth.main.device where person_id is null"
        ).fetchall()
    ]
    assert len(kiosks) >= 2
    assert company.value(refused, [kiosks]) > 0
    led = company.query(
        "select * from id_map where id_type = 'device' and customer_id is not null "
        "and list_contains(?, id_value)",
        [kiosks],
    )
    assert led == []


def test_a_bound_weibo_account_is_the_members_own(people) -> None:
    bound = people.execute(
        """
        select count(*), count_if(fan.customer_id = member.customer_id)
        from truth.main.weibo_account
        inner join record_customer as fan
            on fan.source = 'weibo' and fan.source_customer_id = weibo_uid
        inner join truth.main.record as record
            on record.source = 'crm' and record.person_id = weibo_account.person_id
        inner join record_customer as member
            on member.source = 'crm' and member.source_customer_id = record.source_customer_id
        where is_bound_in_crm
            and record.source_customer_id in (
                select min(source_customer_id) from truth.main.record
                where source = 'crm' group by person_id having count(*) = 1)
        """
    ).fetchone()
    assert bound[0] >= 20
    assert bound[0] == bound[1]


def test_a_link_is_explained_and_shows_values_to_whoever_may_see_them(
    company: Company, people
) -> None:
    customer, weibo_uid, member_no = people.execute(
        """
        select customer_id, min(follower.source_customer_id), min(member.source_customer_id)
        from record_customer as follower
        inner join record_customer as member using (customer_id)
        where follower.source = 'weibo' and member.source = 'crm'
        group by customer_id
        order by customer_id
        limit 1
        """
    ).fetchone()
    hidden = company.strata("explain", customer)
    assert "What holds it together" in hidden
    pair = f"crm:{member_no}", f"weibo:{weibo_uid}"
    hidden += company.strata("explain", *pair)
    assert f"are {customer}" in hidden
    assert weibo_uid not in hidden
    assert weibo_uid in company.strata("explain", *pair, "--values")
