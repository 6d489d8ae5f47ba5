"""What is known of each record in the form in which records are compared.

Belongs here: the attribute table, made of the records and their usable identifiers.
Does not belong here: which attributes are compared, and how (comparisons.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.analysis.identity.arrow import add_to
from orchestration.analysis.identity.matching.names import family_part, name_parts

# Longest list of values of one kind that is compared; people with more are shops.
MOST_VALUES = 10
# A value that too many records share for a link by itself is still evidence among others, as long
# as a person with many records may be the reason.
MOST_HOLDERS = 20
# Records that are described at once: DuckDB cannot put lists that it has not finished on disk, so
# those of all records would need memory in proportion to the company, whatever the limit.
BATCH_RECORDS = 200_000

_ATTRIBUTES = """
with

held as (

    select
        holding.rid,
        value.id_type,
        value.id_value,
        row_number() over (
            partition by holding.rid, value.id_type
            order by holding.last_seen_at desc nulls last, value.id_value
        ) as place
    from holding
    inner join value on value.value_id = holding.value_id
    inner join held_by on held_by.value_id = holding.value_id
    where holding.rid >= $first
        and holding.rid < $end
        and held_by.record_count <= $most_holders
        and coalesce(value.blocked_by, 'promiscuous_value') = 'promiscuous_value'
        and value.id_type in ('phone', 'email', 'national_id')

),

identifiers as (

    select
        rid,
        list(id_value order by id_value) filter (where id_type = 'phone') as phones,
        max(id_value) filter (where id_type = 'phone' and place = 1) as phone,
        list(id_value order by id_value) filter (where id_type = 'email') as emails,
        max(id_value) filter (where id_type = 'email' and place = 1) as email,
        max(id_value) filter (where id_type = 'national_id' and place = 1) as national_id
    from held
    where place <= $most_values
    group by rid

),

profile as (

    select
        record.rid,
        record.record_key,
        record.birth_day,
        record.gender_key,
        record_input.full_name,
        record_input.masked_name,
        record_input.nickname,
        record_input.masked_phone,
        record_input.address,
        record_input.province,
        record_input.city,
        record_input.district,
        record_input.postcode,
        record_input.occupation
    from record
    inner join record_input on record_input.record_key = record.record_key
    where record.rid >= $first and record.rid < $end

),

places as (

    select
        rid,
        plain(address) as address,
        case
            when has_chinese(address) then plain(regexp_replace(address, '[0-9].*$', ''))
            else plain(regexp_replace(address, '[0-9]+', '', 'g'))
        end as street,
        nullif(array_to_string(regexp_extract_all(address, '[0-9]+'), '-'), '')
            as house_number,
        plain(regexp_replace(province, '(省|市|自治区|特别行政区)$', '')) as province,
        plain(regexp_replace(city, '市$', '')) as city,
        plain(district) as district,
        plain(postcode) as postcode
    from profile

),

known as (

    select
        cast(md5_number_lower(profile.record_key) >> 1 as bigint) as uid,
        profile.rid,
        profile.record_key,
        coalesce(name_part.family, masked_part.family) as family_name,
        name_part.given as given_name,
        coalesce(name_part.family_sound, masked_part.family_sound) as family_sound,
        name_part.given_sound,
        cast(date '1800-01-01' + cast(profile.birth_day as integer) as varchar)
            as birth_date,
        profile.birth_day,
        profile.gender_key as gender,
        identifiers.national_id,
        identifiers.phones,
        identifiers.phone,
        identifiers.emails,
        identifiers.email,
        split_part(identifiers.email, '@', 1) as email_local,
        coalesce(
            nullif(regexp_extract(split_part(identifiers.email, '@', 1), '^[a-z]+'), ''),
            nullif(regexp_extract(lower(profile.nickname), '^[a-z]+'), '')
        ) as handle,
        shown_digits(profile.masked_phone) as masked_phone,
        shown_digits(coalesce(identifiers.phone, profile.masked_phone)) as phone_pattern,
        places.address,
        places.street,
        places.house_number,
        places.province,
        places.city,
        places.district,
        places.postcode,
        plain(profile.occupation) as occupation
    from profile
    inner join places on places.rid = profile.rid
    left join identifiers on identifiers.rid = profile.rid
    left join name_part on name_part.name = profile.full_name
    left join name_part as masked_part on masked_part.name = profile.masked_name

)

-- a record of which nothing is known cannot be compared, nor does it count as a stranger
select *
from known
where coalesce(
    given_name, family_name, birth_date, national_id, phone, email, handle, phone_pattern,
    address, postcode, district, city, province, occupation
) is not null
order by rid
"""


def prepare_attributes(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `attribute` from the tables of the workspace.

    One row per record of which something is known: uid (63 bits of the MD5 of record_key, so that
    it stays when records are added), rid, record_key and the attributes, null when unknown.
    Identifiers that somebody blocked, or that more than MOST_HOLDERS records share, are left out.

    Args:
        connection: A workspace with `record`, `record_input`, `value` and `holding`.

    Raises:
        ValueError: Two record keys have the same uid.
    """
    _split_names(connection)
    connection.execute(
        """
        create or replace temporary macro plain(text) as
        nullif(regexp_replace(lower(text), '[\\s\u3000,.;:''"()#-]+', '', 'g'), '');

        create or replace temporary macro has_chinese(text) as
        regexp_matches(text, '[\u4e00-\u9fa5]');

        -- what platforms show of a mobile number: its three first and four last digits
        create or replace temporary macro shown_digits(phone) as
        case
            when regexp_full_match(phone, '([+]86)?[0-9]{3}[0-9*]{4}[0-9]{4}')
                then left(right(phone, 11), 3) || '****' || right(phone, 4)
        end;
        """
    )
    connection.execute(
        """
        create or replace temporary table held_by as
        select value_id, count(*) as record_count from holding group by value_id
        """
    )
    (count,) = connection.execute("select count(*) from record").fetchone()
    # at least one batch makes the table
    for first in range(0, max(count, 1), BATCH_RECORDS):
        into = "insert into attribute" if first else "create or replace table attribute as"
        connection.execute(
            f"{into} {_ATTRIBUTES}",
            {
                "first": first,
                "end": first + BATCH_RECORDS,
                "most_holders": MOST_HOLDERS,
                "most_values": MOST_VALUES,
            },
        )
    connection.execute("drop table held_by")
    repeated = connection.execute(
        "select count(*) - count(distinct uid) from attribute"
    ).fetchone()[0]
    if repeated:
        raise ValueError(
            f"{repeated} record keys share the hash under which records are compared; rename one"
        )


def _split_names(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create or replace table name_part (
            name varchar, family varchar, given varchar, family_sound varchar, given_sound varchar
        )
        """
    )
    with connection.cursor() as names:
        names.execute(
            """
            select name, bool_and(is_masked) as is_masked
            from (
                select full_name as name, false as is_masked
                from record_input
                where trim(full_name) <> ''

                union all

                select masked_name, true from record_input where trim(masked_name) <> ''
            )
            group by name
            """
        )
        while batch := names.fetchmany(BATCH_RECORDS):
            parts = [
                family_part(name) if is_masked else name_parts(name) for name, is_masked in batch
            ]
            add_to(
                connection,
                "name_part",
                pa.table(
                    {
                        "name": pa.array((name for name, _ in batch), pa.string()),
                        **{
                            field: pa.array((getattr(each, field) for each in parts), pa.string())
                            for field in ("family", "given", "family_sound", "given_sound")
                        },
                    }
                ),
            )
