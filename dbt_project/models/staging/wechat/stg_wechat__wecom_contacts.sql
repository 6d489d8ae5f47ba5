with

source as (

    select * from {{ landed('wechat', 'wecom_contacts') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.corp_id') }} || ':' || {{ clean_code('source.external_userid') }} as wechat_user_id,
        {{ clean_code('source.corp_id') }} as corp_id,
        {{ clean_code('source.external_userid') }} as external_userid,
        {{ clean_code('source.unionid') }} as wechat_unionid,

        ---------- strings
        {{ clean_text('source.nickname') }} as nickname,
        -- staff write 张伟-老客户, 张伟 杭州 or 张伟(VIP); the name stands in front
        {{ normalise_person_name("split_part(translate(" ~ clean_text('source.remark') ~ ", '-_/|,', '     '), ' ', 1)") }} as full_name,
        {{ clean_text('source.remark') }} as remark,
        {{ normalise_phone("split_part(translate(source.remark_mobiles, ',、；', ';;;'), ';', 1)") }} as phone,
        {{ normalise_phone("split_part(translate(source.remark_mobiles, ',、；', ';;;'), ';', 2)") }} as second_phone,
        case when {{ clean_text('source.gender') }} is not null then coalesce(genders.gender, 'unknown') end as gender,
        {{ clean_text('source.staff_id') }} as staff_id,
        {{ clean_text('source.add_way') }} as add_way,

        ---------- timestamps
        {{ parse_instant('source.added_at') }} as registered_at,
        {{ parse_instant('source.deleted_at') }} as contact_deleted_at,
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.corp_id') }} then 'missing_corp_id'
            when {{ blank('source.external_userid') }} then 'missing_external_userid'
        end as _rule

    from source

    -- at most one spelling per row
    left join genders
        on {{ gender_key('source.gender') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'wechat', 'wecom_contacts') }}

)

select * from judged
