with

events as (

    select * from {{ ref('int_events__unioned') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

devices as (

    -- a device that several customers used has no row, so its anonymous events stay anonymous
    select id_value as device_id, customer_id

    from {{ source('identity', 'id_map') }}

    where id_type = 'device' and id_scope = ''

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

        ---------- strings
        events.event_type,
        events.channel,
        events.category,
        {{ safe_keyword('events.search_query') }} as search_keyword,

        ---------- numerics
        events.duration_seconds,

        ---------- dates and timestamps
        events.occurred_at,
        {{ business_date('events.occurred_at') }} as event_date

    from events

    left join records
        on events.source = records.source
        and events.source_customer_id = records.source_customer_id

    left join devices
        on events.device_id = devices.device_id

)

select * from resolved
