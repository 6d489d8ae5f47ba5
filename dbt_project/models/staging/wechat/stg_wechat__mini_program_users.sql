with

source as (

    select * from {{ landed('wechat', 'mini_program_users') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.appid') }} || ':' || {{ clean_code('source.openid') }} as wechat_user_id,
        {{ clean_code('source.appid') }} as appid,
        {{ clean_code('source.openid') }} as openid,
        {{ clean_code('source.unionid') }} as wechat_unionid,
        {{ clean_code('source.member_no') }} as bound_member_no,

        ---------- strings
        {{ normalise_phone('source.phone') }} as phone,

        ---------- timestamps
        {{ parse_instant('source.created_at') }} as registered_at,
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

),

judged as (

    {{ judged('typed', 'wechat', 'mini_program_users') }}

)

select * from judged
