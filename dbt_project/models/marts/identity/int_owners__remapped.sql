{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Records and devices that lead to another customer than when the last complete run ended, or have led to none
    until now. Without a complete run there is nothing to compare with, and every table is built whole.
#}

with

before as (

    select * from {{ source('ops', 'complete_owner') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

devices as (

    select * from {{ ref('int_devices__resolved') }}

),

today as (

    select
        'record' as owner_type,
        source,
        source_customer_id as owner_value,
        customer_id,
        cast(null as timestamp) as linked_at

    from records

    union all

    select 'device', '', device_id, customer_id, linked_at from devices

),

compared as (

    -- at most one row per owner on both sides
    select
        coalesce(today.owner_type, before.owner_type) as owner_type,
        coalesce(today.source, before.source) as source,
        coalesce(today.owner_value, before.owner_value) as owner_value,
        today.customer_id,
        before.customer_id as customer_id_before

    from today

    full outer join before
        on today.owner_type = before.owner_type
        and today.source = before.source
        and today.owner_value = before.owner_value

    where
        (
            today.customer_id is distinct from before.customer_id
            or today.linked_at is distinct from before.linked_at
        )
        and {{ run_context('complete_load_number') }} > 0

)

select * from compared
