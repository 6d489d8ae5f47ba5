with

source as (

    select * from {{ landed('wechat', 'followers') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.appid') }} || ':' || {{ clean_code('source.openid') }} as wechat_user_id,
        {{ clean_code('source.appid') }} as appid,
        {{ clean_code('source.openid') }} as openid,
        {{ clean_code('source.unionid') }} as wechat_unionid,

        ---------- strings
        {{ clean_text('source.nickname') }} as nickname,
        case when {{ clean_text('source.sex') }} is not null then coalesce(genders.gender, 'unknown') end as gender,
        {{ clean_text('source.country') }} as country,
        {{ clean_text('source.province') }} as province,
        {{ clean_text('source.city') }} as city,
        {{ clean_text('source.subscribe_scene') }} as subscribe_scene,

        ---------- booleans
        {{ parse_yes_no('source.subscribe') }} as is_following,

        ---------- timestamps
        {{ parse_instant('source.subscribed_at') }} as registered_at,
        {{ parse_instant('source.unsubscribed_at') }} as unsubscribed_at,
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.appid') }} then 'missing_appid'
            when {{ blank('source.openid') }} then 'missing_openid'
        end as _rule

    from source

    -- at most one spelling per row
    left join genders
        on {{ gender_key('source.sex') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'wechat', 'followers') }}

)

select * from judged
