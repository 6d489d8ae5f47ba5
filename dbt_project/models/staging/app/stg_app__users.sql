with

source as (

    select * from {{ landed('app', 'users') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.user_id') }} as user_id,
        {{ clean_code('source.wechat_unionid') }} as wechat_unionid,

        ---------- strings
        {{ normalise_phone('source.phone') }} as phone,
        {{ normalise_email('source.email') }} as email,
        {{ clean_text('source.nickname') }} as nickname,
        case when {{ clean_text('source.gender') }} is not null then coalesce(genders.gender, 'unknown') end as gender,

        ---------- dates
        {{ parse_birth_date('source.birthday') }} as birth_date,

        ---------- timestamps
        {{ parse_instant('source.registered_at') }} as registered_at,
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.user_id') }} then 'missing_user_id'
        end as _rule

    from source

    -- at most one spelling per row
    left join genders
        on {{ gender_key('source.gender') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'app', 'users') }}

)

select * from judged
