{%- set key_type = "lower(" ~ clean_text('source.match_key_type') ~ ")" -%}
{%- set attribute = "lower(" ~ clean_text('source.attribute') ~ ")" -%}

with

source as (

    select * from {{ landed('enrichment', 'attributes') }}

),

named as (

    select
        source.*,
        case
            when {{ key_type }} in ('phone_sha256', 'mobile_sha256', '手机号sha256') then 'phone_sha256'
            when {{ key_type }} in ('email_sha256', '邮箱sha256') then 'email_sha256'
            when {{ key_type }} in ('member_no', '会员号') then 'member_no'
        end as known_key_type,
        case
            when {{ attribute }} in ('income_band', '收入区间', '收入') then 'income_band'
            when {{ attribute }} in ('occupation', '职业') then 'occupation'
            when {{ attribute }} in ('has_children', '有无子女', '有孩') then 'has_children'
            when {{ attribute }} in ('interest', '兴趣', '兴趣偏好') then 'interest'
            when {{ attribute }} in ('car_owner', '有车', '车主') then 'car_owner'
            else {{ attribute }}
        end as known_attribute

    from source

),

typed as (

    select
        ---------- ids
        {{ clean_text('named.provider') }} as provider,
        known_key_type as match_key_type,
        -- hexadecimal digits mean the same in either case, a membership number does not
        case
            when known_key_type = 'member_no' then {{ clean_code('named.match_key') }}
            else lower({{ clean_code('named.match_key') }})
        end as match_key,

        ---------- strings
        known_attribute as attribute,
        case
            when known_attribute not in ('has_children', 'car_owner') then {{ clean_text('named.attribute_value') }}
            when {{ parse_yes_no('named.attribute_value') }} then 'yes'
            when not {{ parse_yes_no('named.attribute_value') }} then 'no'
            when {{ clean_text('named.attribute_value') }} in ('有', '已育') then 'yes'
            when {{ clean_text('named.attribute_value') }} in ('无', '未育') then 'no'
            else {{ clean_text('named.attribute_value') }}
        end as attribute_value,

        ---------- numerics
        {{ parse_share('named.confidence') }} as confidence,

        ---------- dates
        {{ parse_date('named.licence_date') }} as licence_date,
        {{ parse_date('named.expires_on') }} as expires_on,

        ---------- landing
        named._file_id,
        named._row_number,
        named._load_number,
        named._row_hash,

        case
            when {{ blank('named.provider') }} then 'missing_provider'
            when {{ blank('named.match_key_type') }} then 'missing_match_key_type'
            when known_key_type is null then 'unknown_match_key_type'
            when {{ blank('named.match_key') }} then 'missing_match_key'
            when known_key_type <> 'member_no' and not {{ matches(clean_code('named.match_key'), '^[0-9A-Fa-f]{64}$') }} then 'malformed_match_key'
            when {{ blank('named.attribute') }} then 'missing_attribute'
            when {{ blank('named.attribute_value') }} then 'missing_attribute_value'
            when {{ blank('named.licence_date') }} then 'missing_licence_date'
            when {{ unreadable('named.licence_date', parse_date) }} then 'unreadable_licence_date'
            when {{ unreadable('named.expires_on', parse_date) }} then 'unreadable_expires_on'
            when {{ parse_date('named.expires_on') }} < {{ parse_date('named.licence_date') }} then 'expires_before_licence'
            when {{ unreadable('named.confidence', parse_share) }} then 'unreadable_confidence'
        end as _rule

    from named

),

judged as (

    {{ judged('typed', 'enrichment', 'attributes') }}

)

select * from judged
