with

source as (

    select * from {{ landed('wechat', 'articles') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.content_id') }} as content_id,

        ---------- strings
        case
            when {{ clean_text('source.content_type') }} in ('视频', 'video') then 'video'
            else 'article'
        end as content_type,
        {{ clean_text('source.title') }} as title,
        {{ clean_text('source.topic') }} as topic,

        ---------- timestamps
        {{ parse_instant('source.published_at') }} as published_at,
        {{ parse_instant('source.updated_at') }} as updated_at,
        case
            when lower({{ clean_text('source.is_withdrawn') }}) in ('1', 'true')
                then coalesce({{ parse_instant('source.updated_at') }}, {{ parse_instant('source.published_at') }})
        end as withdrawn_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.content_id') }} then 'missing_content_id'
            when {{ blank('source.published_at') }} then 'missing_published_at'
            when {{ unreadable('source.published_at', parse_instant) }} then 'unreadable_published_at'
            when {{ unreadable('source.updated_at', parse_instant) }} then 'unreadable_updated_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'wechat', 'articles') }}

)

select * from judged
