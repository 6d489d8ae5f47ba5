with

source as (

    select * from {{ landed('shop', 'customers') }}

),

genders as (

    select * from {{ ref('gender_spelling') }}

),

unnested as (

    select
        source.*,
        {{ json_field('source.default_address', 'province') }} as address_province,
        {{ json_field('source.default_address', 'city') }} as address_city,
        {{ json_field('source.default_address', 'district') }} as address_district,
        {{ json_field('source.default_address', 'street') }} as address_street,
        {{ json_field('source.default_address', 'postcode') }} as address_postcode,
        {{ json_field('source.consents', 'sms') }} as consent_sms,
        {{ json_field('source.consents', 'email') }} as consent_email,
        {{ json_field('source.consents', 'ads') }} as consent_ads

    from source

),

typed as (

    select
        ---------- ids
        {{ clean_code('unnested.customer_id') }} as customer_id,
        {{ clean_code('unnested.wechat_unionid') }} as wechat_unionid,

        ---------- strings
        {{ normalise_person_name('unnested.full_name') }} as full_name,
        case when {{ clean_text('unnested.gender') }} is not null then coalesce(genders.gender, 'unknown') end as gender,
        {{ normalise_phone('unnested.phone') }} as phone,
        {{ normalise_email('unnested.email') }} as email,
        {{ clean_text('unnested.address_province') }} as province,
        {{ clean_text('unnested.address_city') }} as city,
        {{ clean_text('unnested.address_district') }} as district,
        {{ clean_text('unnested.address_street') }} as address,
        {{ clean_code('unnested.address_postcode') }} as postcode,

        ---------- booleans
        {{ parse_yes_no('unnested.consent_sms') }} as consent_sms,
        {{ parse_yes_no('unnested.consent_email') }} as consent_email,
        {{ parse_yes_no('unnested.consent_ads') }} as consent_ads,

        ---------- dates
        {{ parse_birth_date('unnested.birthday') }} as birth_date,

        ---------- timestamps
        {{ parse_instant('unnested.registered_at') }} as registered_at,
        {{ parse_instant('unnested.updated_at') }} as updated_at,

        ---------- landing
        unnested._file_id,
        unnested._row_number,
        unnested._load_number,
        unnested._row_hash,

        case
            when {{ blank('unnested.customer_id') }} then 'missing_customer_id'
        end as _rule

    from unnested

    -- at most one spelling per row
    left join genders
        on {{ gender_key('unnested.gender') }} = genders.spelling

),

judged as (

    {{ judged('typed', 'shop', 'customers') }}

)

select * from judged
