with

app_events as (

    select * from {{ staged('app', 'events') }}

),

standard_events as (

    select * from {{ staged('standard', 'events') }}

),

unioned as (

    select
        'app' as source,
        event_id,
        event_type,
        occurred_at,
        user_id as source_customer_id,
        device_id,
        product_id,
        category,
        search_query,
        duration_seconds,
        session_id,
        'app' as channel

    from app_events

    union all

    select
        'standard' as source,
        event_id,
        event_type,
        occurred_at,
        source_customer_id,
        device_id,
        product_id,
        category,
        search_query,
        duration_seconds,
        session_id,
        'other' as channel

    from standard_events

)

select * from unioned
