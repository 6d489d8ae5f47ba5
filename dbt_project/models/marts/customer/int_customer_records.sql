{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What each record says about its customer, as far as it was known by as_of_date: places in the names and codes of
    the gazetteer where it knows them, as landed elsewhere. A birth date that makes somebody unborn or older than 120 is
    none, and unknown gender is no statement.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

places as (

    select * from {{ ref('int_places__resolved') }}

),

records as (

    -- one customers row per record, one place per text; records that first showed up later are not known yet
    select
        resolved.customer_id,
        customers.record_key,
        customers.source,
        nullif(customers.gender, 'unknown') as gender,
        case
            when {{ is_credible_birth_date('customers.birth_date', 'as_of.as_of_date') }} then customers.birth_date
        end as birth_date,
        customers.occupation,
        customers.income_band,
        customers.household_size,
        customers.member_tier,
        customers.follower_count,
        coalesce(places.province, customers.province) as province,
        case when places.place_text is not null then places.city else customers.city end as city,
        places.province_code,
        places.city_code,
        places.city_tier,
        customers.registered_at,
        customers.updated_at

    from {{ ref('int_customers__unioned') }} as customers

    inner join {{ ref('int_records__resolved') }} as resolved
        on customers.record_key = resolved.record_key

    left join places
        on {{ place_text('customers.province', 'customers.city', 'customers.district', 'customers.address') }} = places.place_text

    cross join as_of

    where coalesce(resolved.first_seen_at < as_of.as_of_end_at, true)

)

select * from records
