{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

records as (

    select * from {{ ref('int_records__resolved') }}

),

identifiers as (

    select * from {{ ref('int_identity__identifiers') }} where id_type = 'device'

),

id_map as (

    select * from {{ source('identity', 'id_map') }} where id_type = 'device' and id_scope = ''

),

sightings as (

    select
        identifiers.id_value as device_id,
        records.customer_id,
        min(identifiers.first_seen_at) as linked_at

    from identifiers

    inner join records
        on identifiers.record_key = records.record_key

    group by identifiers.id_value, records.customer_id

),

resolved as (

    -- a device that several customers used has no row, so its anonymous events stay anonymous
    select
        id_map.id_value as device_id,
        id_map.customer_id,
        sightings.linked_at

    from id_map

    left join sightings
        on id_map.id_value = sightings.device_id
        and id_map.customer_id = sightings.customer_id

)

select * from resolved
