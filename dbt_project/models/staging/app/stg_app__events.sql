with

source as (

    select * from {{ landed('app', 'events') }}

),

event_types as (

    select * from {{ ref('event_type') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.event_id') }} as event_id,
        {{ clean_code('source.user_id') }} as user_id,
        {{ clean_code('source.device_id') }} as device_id,
        {{ clean_code('source.session_id') }} as session_id,
        {{ clean_code('source.sku') }} as product_id,

        ---------- strings
        event_types.event_type,
        {{ clean_text('source.category') }} as category,
        {{ clean_text('source.keyword') }} as search_query,

        ---------- numerics
        cast({{ parse_quantity('source.duration_ms') }} as double) / 1000 as duration_seconds,

        ---------- timestamps
        {{ parse_instant('source.ts') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.event_id') }} then 'missing_event_id'
            when {{ blank('source.event') }} then 'missing_event_type'
            when event_types.event_type is null then 'unknown_event_type'
            when {{ blank('source.ts') }} then 'missing_occurred_at'
            when {{ unreadable('source.ts', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

    -- at most one type per row
    left join event_types
        on lower({{ clean_text('source.event') }}) = event_types.event_text

),

judged as (

    {{ judged('typed', 'app', 'events') }}

)

select * from judged
