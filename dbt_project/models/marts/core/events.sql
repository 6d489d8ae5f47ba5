with

events as (

    select * from {{ ref('int_events__unioned') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

device_sightings as (

    select
        identifiers.id_value as device_id,
        records.customer_id,
        min(identifiers.first_seen_at) as linked_at

    from {{ ref('int_identity__identifiers') }} as identifiers

    inner join records
        on identifiers.record_key = records.record_key

    where identifiers.id_type = 'device'

    group by identifiers.id_value, records.customer_id

),

devices as (

    -- a device that several customers used has no row, so its anonymous events stay anonymous
    select
        id_map.id_value as device_id,
        id_map.customer_id,
        device_sightings.linked_at

    from {{ source('identity', 'id_map') }} as id_map

    left join device_sightings
        on id_map.id_value = device_sightings.device_id
        and id_map.customer_id = device_sightings.customer_id

    where id_map.id_type = 'device' and id_map.id_scope = ''

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

        ---------- booleans
        coalesce(
            events.source_customer_id is null
            and devices.customer_id is not null
            and events.occurred_at < devices.linked_at,
            false
        ) as is_linked_later,

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
