{{ config(materialized='table') }}

with

events as (

    select * from {{ ref('int_events__unioned') }}

),

devices as (

    select
        source,
        source_customer_id,
        device_id,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at

    from events

    where source_customer_id is not null
        and device_id is not null

    group by source, source_customer_id, device_id

)

select * from devices
