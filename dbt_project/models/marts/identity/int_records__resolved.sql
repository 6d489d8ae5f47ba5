{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

records as (

    select * from {{ ref('int_identity__records') }}

),

id_map as (

    select id_scope, id_value, customer_id

    from {{ source('identity', 'id_map') }}

    where id_type = 'record'

),

resolved as (

    -- one map row per record; a record without one would lose its facts, which a test forbids
    select
        records.record_key,
        records.source,
        records.source_customer_id,
        id_map.customer_id,
        records.first_seen_at

    from records

    inner join id_map
        on records.source = id_map.id_scope
        and records.source_customer_id = id_map.id_value

)

select * from resolved
