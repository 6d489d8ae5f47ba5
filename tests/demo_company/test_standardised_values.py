"""What was typed becomes what is true."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import Company
from tests.demo_company.retailer import AS_OF
from tests.standardisation.rendering import macros

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

# what a standardised value may be, wherever a column of that name stands in staging and the marts
E164 = r"^[+][1-9][0-9]{6,14}$"

EMAIL = r"^[a-z0-9][a-z0-9._%+-]*@([a-z0-9-]+[.])+[a-z]{2,}$"

DOMAINS = {
    ("gender", "title_gender", "receiver_title_gender"): "{} in ('female', 'male', 'unknown')",
    ("phone", "second_phone", "alipay_phone", "contact_phone"): f"regexp_matches({{}}, '{E164}')",
    ("email", "alipay_email", "contact_email"): f"regexp_matches({{}}, '{EMAIL}')",
    ("birth_date",): f"{{}} between date '1905-01-02' and date '{AS_OF}'",
    ("status",): "{} in ('pending', 'paid', 'cancelled', 'refunded', 'partially_refunded')",
    ("channel", "preferred_channel", "redeemed_channel"): "{} in (select code from channel)",
    ("event_type",): "{} in (select event_type from event_type)",
    ("entry_type",): "{} in ('earned', 'redeemed', 'expired', 'other')",
    ("province_code", "city_code"): "{} in (select code from region)",
    ("city_tier",): "{} in (select tier from city_tier) or {} = 'tier_4_or_below'",
    ("category_l1_code", "category_l2_code"): "{} in (select code from product_category)",
    ("arm",): "{} in ('treatment', 'holdout')",
    ("currency",): "regexp_matches({}, '^[A-Z]{3}$')",
}


def test_every_standardised_value_of_every_channel_is_in_its_domain(company: Company) -> None:
    counted, outside = {}, []
    with duckdb.connect(str(company.build), read_only=True) as connection:
        connection.execute("set search_path = 'main,reference'")
        for columns, is_inside in DOMAINS.items():
            places = connection.execute(
                "select schema_name || '.' || table_name, column_name from duckdb_columns() "
                "where schema_name in ('staging', 'marts') and list_contains(?, column_name) "
                # the status of a version or a message is another word than that of an order, and
                # an audience may go out on whichever channel is best
                "and table_name not in "
                "('segment_definition', 'activation_queue', 'audience_definition')",
                [list(columns)],
            ).fetchall()
            for table, column in places:
                landed = "and _verdict = 'staged'" if table.startswith("staging.") else ""
                values, wrong = connection.execute(
                    f"""
                    select
                        count(*),
                        count_if(not coalesce({is_inside.replace("{}", column)}, false))
                    from {table}
                    where {column} is not null {landed}
                    """  # noqa: S608
                ).fetchone()
                counted[columns] = counted.get(columns, 0) + values
                if wrong:
                    outside.append((table, column, wrong))
    assert outside == []
    assert [columns for columns, values in counted.items() if not values] == []


def test_what_staff_typed_becomes_what_is_true(company: Company) -> None:
    place_text = macros().call(
        "place_text", "member.province", "member.city", "member.district", "member.address"
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{company.build}' as build (read_only)")
        connection.execute(f"attach '{company.truth}' as truth (read_only)")
        shares = connection.execute(
            f"""
            select
                avg(cast(member.gender = person.sex as int)) filter (member.gender <> 'unknown'),
                avg(cast(member.birth_date = person.birth_date as int)),
                avg(cast(member.full_name = person.full_name as int)),
                avg(cast(list_contains(person.emails, member.email) as int))
                    filter (member.email <> 'test@test.com'),
                avg(cast(place.province = person.province and place.city = person.city as int))
            from build.staging.stg_crm__members as member
            inner join truth.record as record
                on record.source = 'crm' and record.source_customer_id = member.member_no
            inner join truth.person as person using (person_id)
            left join build.intermediate.int_places__resolved as place
                on place.place_text = {place_text}
            where member._verdict = 'staged'
            """  # noqa: S608
        ).fetchone()
    assert min(shares) >= 0.995, shares


def test_the_statement_that_survives_is_the_profile_and_the_others_say_why(
    company: Company,
) -> None:
    assert company.value("select count(*) from customer_attribute where not survives") > 1_000
    assert company.query("from customer_attribute where survives <> (lost_by is null)") == []
    survivors = company.query(
        "select distinct count_if(survives) from customer_attribute group by customer_id, attribute"
    )
    assert survivors == [(1,)]
    differing = company.query("""
        select customer_id from customer_360
        inner join customer_attribute using (customer_id)
        where attribute = 'gender' and survives and value <> gender
        union all
        select customer_id from customer_360
        inner join customer_attribute using (customer_id)
        where attribute = 'place' and survives and not place_is_imputed
            and value <> concat_ws(' ', province, city)
    """)
    assert differing == []


def test_what_was_concluded_is_mostly_right_and_always_flagged(people) -> None:
    concluded = people.execute(
        """
        select count(*), avg(cast(customer.gender = person.sex as int))
        from published.main.customer_360 as customer
        inner join customer_person using (customer_id)
        inner join truth.main.person as person using (person_id)
        where customer.gender_is_imputed
        """
    ).fetchone()
    assert concluded[0] >= 10
    assert concluded[1] >= 0.85
    # a flag and a rule come together, and neither without a value
    assert (
        people.execute(
            """
            select count(*)
            from published.main.customer_360
            where gender_is_imputed <> coalesce(gender_source like '%:%', false)
                or (gender_is_imputed and gender = 'unknown')
                or age_is_imputed <> coalesce(age_source like '%:%', false)
                or place_is_imputed <> coalesce(place_source like '%:%', false)
            """
        ).fetchone()[0]
        == 0
    )


def test_bought_values_belong_to_whom_they_were_sold_of(people) -> None:
    people.execute(
        """
        create temp view sold as
        select person_id, provider, attribute, licence_date, expires_on,
            case value when '是' then 'yes' when '否' then 'no' else value end as value
        from truth.main.enrichment
        where is_matchable
        """
    )
    matched = people.execute(
        """
        select count(*), count(sold.person_id), min(published.expires_on), max(licence_date)
        from published.main.customer_enrichment as published
        inner join customer_person using (customer_id)
        left join (select distinct * from sold) as sold
            using (person_id, provider, attribute, licence_date, value)
        """
    ).fetchone()
    assert matched[0] > 1000
    assert matched[1] >= 0.995 * matched[0]
    assert matched[2] >= AS_OF
    assert matched[3] <= AS_OF
    # what was licensed and could be matched is there, as far as anybody landed the phone or e-mail
    valid = people.execute(
        "select count(distinct (person_id, provider, attribute, value)) from sold "
        "where ? between licence_date and expires_on",
        [AS_OF],
    ).fetchone()[0]
    assert 0.6 * valid < matched[0] <= valid


def test_bought_values_fill_what_nobody_stated_and_nothing_else(people) -> None:
    sources = dict(
        people.execute(
            "select coalesce(occupation_source, 'none'), count(*) from published.main.customer_360 "
            "group by 1"
        ).fetchall()
    )
    assert sources["enrichment"] > 100
    # who wrote an occupation into the membership form keeps it, whatever a provider sells
    kept = people.execute(
        """
        select count(*), count_if(profile.occupation_source = 'crm')
        from published.main.customer_360 as profile
        inner join published.main.customer_enrichment as sold
            on sold.customer_id = profile.customer_id and sold.attribute = 'occupation'
        where profile.occupation_source <> 'enrichment'
        """
    ).fetchone()
    assert kept[0] > 50
    assert kept[0] == kept[1]
