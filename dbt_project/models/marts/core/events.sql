{{ kept_except('int_facts__refreshed', ['_file_id', '_row_number']) }}
{{ config(on_schema_change='fail') }}

with

events as (

    select *

    from {{ ref('int_events__unioned') }}

    where {{ only_changed('int_facts__refreshed', ['_file_id', '_row_number']) }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

devices as (

    select * from {{ ref('int_devices__resolved') }}

),

resolved as (

    -- many events to one record and one device; the account that was logged in goes before the device
    select
        ---------- ids
        events.event_id,
        events.source,
        case
            when events.source_customer_id is not null then records.customer_id
            else devices.customer_id
        end as customer_id,
        events.source_customer_id,
        events.session_id,
        events.product_id,
        events.content_id,

        ---------- strings
        events.event_type,
        events.channel,
        events.category,
        {{ safe_keyword('events.search_query') }} as search_keyword,

        ---------- numerics
        events.duration_seconds,

        ---------- booleans
        coalesce(
            events.source_customer_id is null
            and devices.customer_id is not null
            and events.occurred_at < devices.linked_at,
            false
        ) as is_linked_later,

        ---------- dates and timestamps
        events.occurred_at,
        {{ business_date('events.occurred_at') }} as event_date,

        ---------- landing
        events.device_id as _device_id,
        events._file_id,
        events._row_number

    from events

    left join records
        on events.source = records.source
        and events.source_customer_id = records.source_customer_id

    left join devices
        on events.device_id = devices.device_id

)

select * from resolved
