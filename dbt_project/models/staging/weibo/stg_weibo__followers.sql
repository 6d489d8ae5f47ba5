{%- set place = clean_text('source.region') -%}

with

source as (

    select * from {{ landed('weibo', 'followers') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.weibo_uid') }} as weibo_uid,

        ---------- strings
        {{ clean_text('source.nickname') }} as nickname,
        case when {{ clean_text('source.gender') }} is not null then coalesce(genders.gender, 'unknown') end as gender,
        case when {{ place }} not like '海外%' then nullif(split_part({{ place }}, ' ', 1), '其他') end as province,
        case
            when {{ matches(place, '^(北京|上海|天津|重庆)') }} then split_part({{ place }}, ' ', 1)
            when {{ place }} not like '海外%' then nullif(nullif(split_part({{ place }}, ' ', 2), '其他'), '')
        end as city,
        case
            when {{ matches(place, '^(北京|上海|天津|重庆)') }}
                then nullif(nullif(split_part({{ place }}, ' ', 2), '其他'), '')
        end as district,
        case
            when {{ clean_text('source.verified_type') }} in ('普通用户', '未认证') then 'none'
            when {{ clean_text('source.verified_type') }} in ('个人认证', '黄V', '金V') then 'person'
            when {{ clean_text('source.verified_type') }} in ('机构认证', '蓝V') then 'organisation'
        end as verified_type,

        ---------- numerics
        case
            when source.follower_count like '%万%'
                then cast({{ parse_quantity("replace(source.follower_count, '万', '')") }} * 10000 as bigint)
            else cast({{ parse_quantity('source.follower_count') }} as bigint)
        end as follower_count,

        ---------- timestamps
        {{ parse_instant('source.followed_at') }} as followed_at,
        {{ parse_instant('source.unfollowed_at') }} as unfollowed_at,
        {{ parse_instant('source.exported_at') }} as exported_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.weibo_uid') }} then 'missing_weibo_uid'
            when not {{ matches(clean_code('source.weibo_uid'), '^[1-9][0-9]{4,15}$') }} then 'malformed_weibo_uid'
            when {{ blank('source.followed_at') }} then 'missing_followed_at'
            when {{ unreadable('source.followed_at', parse_instant) }} then 'unreadable_followed_at'
            when {{ unreadable('source.unfollowed_at', parse_instant) }} then 'unreadable_unfollowed_at'
        end as _rule

    from source

    -- at most one spelling per row
    left join genders
        on {{ gender_key('source.gender') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'weibo', 'followers') }}

)

select * from judged
