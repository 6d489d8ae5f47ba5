{{ config(materialized='table') }}

with

declared as (

    select * from {{ ref('int_identity__declared') }}

),

observed as (

    select * from {{ ref('int_identity__observed') }}

),

placeholders as (

    select * from {{ ref('int_identity__placeholders') }}

),

unioned as (

    select * from declared

    union all

    select * from observed

),

genuine as (

    -- at most one placeholder per value
    select unioned.*

    from unioned

    left join placeholders
        on unioned.id_type = placeholders.id_type
        and lower(unioned.id_value) = placeholders.id_value

    where placeholders.id_value is null

),

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

identifiers as (

    select
        source || ':' || source_customer_id as record_key,
        id_type,
        id_scope,
        id_value,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from genuine

    -- one row
    cross join evidence

    where genuine.first_seen_at is null or genuine.first_seen_at < evidence.until_at

    group by source, source_customer_id, id_type, id_scope, id_value

)

select * from identifiers
