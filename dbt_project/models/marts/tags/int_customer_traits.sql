{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What tags know about a person rather than about what the person did: the profile of the day of the run, as
    customer_360 shows it. It holds for every snapshot, since it was true then too.
#}
{%- set traits = [
    'gender', 'birth_date', 'province', 'city', 'city_tier', 'occupation', 'income_band', 'household_size',
    'is_contactable_sms', 'is_contactable_email', 'is_contactable_push', 'is_contactable_ads',
] %}

with

profiles as (

    select * from {{ ref('int_customer_profiles') }}

),

repairs as (

    select * from {{ ref('int_customer_repairs') }}

),

places as (

    select * from {{ ref('int_customer_places') }}

),

contactability as (

    select * from {{ ref('int_customer_contactability') }}

),

combined as (

    -- at most one row per customer on every side; what somebody states is never replaced
    select
        profiles.customer_id,
        coalesce(profiles.gender, repairs.gender, 'unknown') as gender,
        coalesce(profiles.birth_date, repairs.birth_date) as birth_date,
        places.province,
        places.city,
        places.city_tier,
        profiles.occupation,
        profiles.income_band,
        profiles.household_size,
        coalesce(contactability.is_contactable_sms, false) as is_contactable_sms,
        coalesce(contactability.is_contactable_email, false) as is_contactable_email,
        coalesce(contactability.is_contactable_push, false) as is_contactable_push,
        coalesce(contactability.is_contactable_ads, false) as is_contactable_ads

    from profiles

    left join repairs
        on profiles.customer_id = repairs.customer_id

    left join places
        on profiles.customer_id = places.customer_id

    left join contactability
        on profiles.customer_id = contactability.customer_id

),

hashed as (

    select
        *,
        {{ sha256_hex("concat_ws('|', " ~ "coalesce(cast(" ~ traits | join(" as string), ''), coalesce(cast(") ~ " as string), ''))") }} as trait_hash

    from combined

)

select * from hashed
