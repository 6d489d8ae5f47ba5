with

source as (

    select * from {{ landed('marketing', 'coupons') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.coupon_id') }} as coupon_id,
        {{ clean_code('source.coupon_code') }} as coupon_code,
        {{ clean_code('source.campaign_id') }} as campaign_id,
        {{ clean_code('source.contact_id') }} as contact_id,

        ---------- numerics
        {{ parse_amount('source.face_amount') }} as face_amount,
        {{ parse_amount('source.threshold_amount') }} as threshold_amount,

        ---------- dates
        {{ parse_date('source.valid_from') }} as valid_from,
        {{ parse_date('source.valid_to') }} as valid_to,

        ---------- timestamps
        {{ parse_instant('source.issued_at') }} as issued_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.coupon_id') }} then 'missing_coupon_id'
            when {{ blank('source.campaign_id') }} then 'missing_campaign_id'
            when {{ blank('source.contact_id') }} then 'missing_contact_id'
            when {{ blank('source.face_amount') }} then 'missing_amount'
            when {{ unreadable('source.face_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.threshold_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.valid_from', parse_date) }} then 'unreadable_valid_from'
            when {{ unreadable('source.valid_to', parse_date) }} then 'unreadable_valid_to'
            when {{ blank('source.issued_at') }} then 'missing_issued_at'
            when {{ unreadable('source.issued_at', parse_instant) }} then 'unreadable_issued_at'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'marketing', 'coupons') }}

)

select * from judged
