with

source as (

    select * from {{ landed('weibo', 'interactions') }}

),

event_types as (

    select * from {{ ref('event_type') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.interaction_id') }} as interaction_id,
        {{ clean_code('source.post_id') }} as post_id,
        {{ clean_code('source.weibo_uid') }} as weibo_uid,

        ---------- strings
        event_types.event_type,
        {{ clean_text('source.text') }} as comment_text,

        ---------- timestamps
        {{ parse_weibo_instant('source.created_at') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.interaction_id') }} then 'missing_interaction_id'
            when {{ blank('source.weibo_uid') }} then 'missing_weibo_uid'
            when not {{ matches(clean_code('source.weibo_uid'), '^[1-9][0-9]{4,15}$') }} then 'malformed_weibo_uid'
            when {{ blank('source.type') }} then 'missing_event_type'
            when event_types.event_type is null then 'unknown_event_type'
            when {{ blank('source.created_at') }} then 'missing_occurred_at'
            when {{ unreadable('source.created_at', parse_weibo_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

    -- at most one type per row
    left join event_types
        on lower({{ clean_text('source.type') }}) = event_types.event_text

),

judged as (

    {{ judged('typed', 'weibo', 'interactions') }}

)

select * from judged
