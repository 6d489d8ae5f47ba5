{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

seen as (

    select * from {{ ref('int_customers__seen') }}

),

starred as (

    select * from {{ ref('int_identity__starred') }}

),

shopping_cities as (

    select * from {{ ref('int_identity__shopping_cities') }}

),

app_versions as (

    select * from {{ ref('stg_app__users') }} where _verdict <> 'rejected'

),

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

nicknames as (

    -- the newest version that was known when the evidence ends
    select
        app_versions.user_id,
        app_versions.nickname,
        row_number() over (
            partition by app_versions.user_id
            order by app_versions.updated_at desc nulls last, app_versions._row_hash
        ) as preference

    from app_versions

    cross join evidence

    where
        app_versions.nickname is not null
        and coalesce(coalesce(app_versions.updated_at, app_versions.registered_at) < evidence.until_at, true)

),

records as (

    -- at most one row per record on every side; of a record that shows up later nothing is known yet
    select
        seen.source || ':' || seen.source_customer_id as record_key,
        seen.source,
        seen.source_customer_id,
        customers.full_name,
        customers.gender,
        customers.birth_date,
        seen.first_seen_at,
        seen.last_seen_at,
        starred.masked_name,
        nicknames.nickname,
        starred.masked_phone,
        customers.province,
        coalesce(customers.city, shopping_cities.city) as city,
        customers.district,
        customers.address,
        customers.postcode,
        customers.occupation

    from seen

    cross join evidence

    left join customers
        on seen.source = customers.source
        and seen.source_customer_id = customers.source_customer_id
        and coalesce(seen.first_seen_at < evidence.until_at, true)

    left join starred
        on seen.source = starred.source
        and seen.source_customer_id = starred.source_customer_id

    left join shopping_cities
        on seen.source = shopping_cities.source
        and seen.source_customer_id = shopping_cities.source_customer_id

    left join nicknames
        on seen.source = 'app'
        and seen.source_customer_id = nicknames.user_id
        and nicknames.preference = 1

)

select * from records
