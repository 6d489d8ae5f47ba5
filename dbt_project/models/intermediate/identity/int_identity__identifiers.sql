{{ config(materialized='table') }}

with

sighted as (

    select * from {{ ref('int_identity__sighted') }}

),

shop_scopes as (

    select * from {{ ref('int_identity__shop_scopes') }}

),

placeholders as (

    select * from {{ ref('int_identity__placeholders') }}

),

scoped as (

    -- one scope for all buyers of a platform whose shop nobody names
    select
        sighted.source || ':' || sighted.source_customer_id as record_key,
        sighted.id_type,
        case when sighted.id_scope = '' then coalesce(shop_scopes.id_scope, '') else sighted.id_scope end as id_scope,
        sighted.id_value,
        sighted.first_seen_at,
        sighted.last_seen_at

    from sighted

    left join shop_scopes
        on sighted.id_type = shop_scopes.id_type

),

genuine as (

    -- at most one placeholder per value
    select scoped.*

    from scoped

    left join placeholders
        on scoped.id_type = placeholders.id_type
        and lower(scoped.id_value) = placeholders.id_value

    where
        placeholders.id_value is null
        -- what is taken back on a later day, or has been replaced, may still state something
        and scoped.record_key in (select source || ':' || source_customer_id from {{ ref('int_customers__seen') }})

),

identifiers as (

    select
        record_key,
        id_type,
        id_scope,
        id_value,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at

    from genuine

    group by 1, 2, 3, 4

)

select * from identifiers
