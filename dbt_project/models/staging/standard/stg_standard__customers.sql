with

source as (

    select * from {{ landed('standard', 'customers') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.source_customer_id') }} as source_customer_id,
        {{ clean_code('source.member_no') }} as member_no,
        {{ clean_code('source.wechat_unionid') }} as wechat_unionid,
        {{ clean_code('source.device_id') }} as device_id,
        {{ normalise_national_id('source.national_id') }} as national_id,

        ---------- strings
        {{ normalise_person_name('source.full_name') }} as full_name,
        {{ name_title_gender('source.full_name') }} as title_gender,
        case when {{ clean_text('source.gender') }} is not null then coalesce(genders.gender, 'unknown') end as gender,
        {{ normalise_phone('source.phone') }} as phone,
        {{ normalise_email('source.email') }} as email,
        {{ clean_text('source.province') }} as province,
        {{ clean_text('source.city') }} as city,
        {{ clean_text('source.district') }} as district,
        {{ clean_text('source.address') }} as address,
        {{ clean_code('source.postcode') }} as postcode,
        {{ clean_text('source.occupation') }} as occupation,
        {{ clean_text('source.income_band') }} as income_band,

        ---------- numerics
        -- "5+" is how surveys close the scale
        {{ parse_whole_number("replace(source.household_size, '+', '')") }} as household_size,

        ---------- booleans
        {{ parse_yes_no('source.consent_sms') }} as consent_sms,
        {{ parse_yes_no('source.consent_email') }} as consent_email,
        {{ parse_yes_no('source.consent_push') }} as consent_push,
        {{ parse_yes_no('source.consent_ads') }} as consent_ads,

        ---------- dates
        {{ parse_birth_date('source.birth_date') }} as birth_date,

        ---------- timestamps
        {{ parse_instant('source.registered_at') }} as registered_at,
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,
        {{ is_deletion('standard', 'customers') }} as _is_deleted,

        case
            when {{ blank('source.source_customer_id') }} then 'missing_source_customer_id'
        end as _rule

    from source

    -- at most one spelling per row
    left join genders
        on {{ gender_key('source.gender') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'standard', 'customers') }}

)

select * from judged
