with

source as (

    select * from {{ landed('standard', 'events') }}

),

event_types as (

    select * from {{ ref('event_type') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.event_id') }} as event_id,
        {{ clean_code('source.source_customer_id') }} as source_customer_id,
        {{ clean_code('source.device_id') }} as device_id,
        {{ clean_code('source.session_id') }} as session_id,
        {{ clean_code('source.product_id') }} as product_id,

        ---------- strings
        event_types.event_type,
        {{ clean_text('source.category') }} as category,
        {{ clean_text('source.search_query') }} as search_query,

        ---------- numerics
        cast({{ parse_quantity('source.duration_seconds') }} as double) as duration_seconds,

        ---------- timestamps
        {{ parse_instant('source.occurred_at') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.event_id') }} then 'missing_event_id'
            when {{ blank('source.event_type') }} then 'missing_event_type'
            when event_types.event_type is null then 'unknown_event_type'
            when {{ blank('source.occurred_at') }} then 'missing_occurred_at'
            when {{ unreadable('source.occurred_at', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

    -- at most one type per row
    left join event_types
        on lower({{ clean_text('source.event_type') }}) = event_types.event_text

),

judged as (

    {{ judged('typed', 'standard', 'events') }}

)

select * from judged
