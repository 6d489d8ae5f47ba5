with

source as (

    select * from {{ landed('wechat', 'interactions') }}

),

event_types as (

    select * from {{ ref('event_type') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.msg_id') }} as msg_id,
        {{ clean_code('source.appid') }} || ':' || {{ clean_code('source.openid') }} as wechat_user_id,
        {{ clean_code('source.appid') }} as appid,
        {{ clean_code('source.openid') }} as openid,
        {{ clean_code('source.content_id') }} as content_id,

        ---------- strings
        event_types.event_type,

        ---------- timestamps
        {{ parse_instant('source.event_time') }} as occurred_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.msg_id') }} then 'missing_msg_id'
            when {{ blank('source.appid') }} then 'missing_appid'
            when {{ blank('source.openid') }} then 'missing_openid'
            when {{ blank('source.event') }} then 'missing_event_type'
            when event_types.event_type is null then 'unknown_event_type'
            when {{ blank('source.event_time') }} then 'missing_occurred_at'
            when {{ unreadable('source.event_time', parse_instant) }} then 'unreadable_occurred_at'
        end as _rule

    from source

    -- at most one type per row
    left join event_types
        on lower({{ clean_text('source.event') }}) = event_types.event_text

),

judged as (

    {{ judged('typed', 'wechat', 'interactions') }}

)

select * from judged
