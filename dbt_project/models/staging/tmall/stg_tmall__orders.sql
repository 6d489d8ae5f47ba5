with

source as (

    select * from {{ landed('tmall', 'orders') }}

),

statuses as (

    select * from {{ ref('order_status') }} where source = 'tmall'

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.buyer_ouid') }} as buyer_ouid,
        {{ clean_code('source.shop_id') }} as shop_id,

        ---------- strings
        {{ clean_text('source.buyer_nick') }} as buyer_nick,
        {{ normalise_phone('source.alipay_account') }} as alipay_phone,
        {{ normalise_email('source.alipay_account') }} as alipay_email,
        {{ clean_text('source.order_status') }} as order_status,
        statuses.status,
        {{ normalise_person_name('source.receiver_name') }} as receiver_name,
        {{ name_title_gender('source.receiver_name') }} as receiver_title_gender,
        {{ clean_text('source.receiver_address') }} as receiver_address,
        {{ clean_text('source.receiver_phone') }} as receiver_phone,
        {{ phone_kind('source.receiver_phone') }} as receiver_phone_kind,
        {{ masked_phone_pattern('source.receiver_phone') }} as receiver_phone_pattern,
        {{ clean_text('source.shop_name') }} as shop_name,
        {{ clean_text('source.close_reason') }} as close_reason,

        ---------- numerics
        {{ parse_amount('source.goods_amount') }} as goods_amount,
        {{ parse_amount('source.postage_amount') }} as postage_amount,
        {{ parse_amount('source.discount_amount') }} as discount_amount,
        {{ parse_amount('source.coupon_amount') }} as coupon_amount,
        {{ parse_amount('source.paid_amount') }} as paid_amount,

        ---------- booleans
        {{ is_masked('source.receiver_phone') }} as is_receiver_phone_masked,

        ---------- timestamps
        {{ parse_instant('source.created_at') }} as ordered_at,
        {{ parse_instant('source.paid_at') }} as paid_at,
        {{ parse_instant('source.modified_at') }} as modified_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when {{ blank('source.buyer_ouid') }} then 'missing_buyer_ouid'
            when {{ blank('source.created_at') }} then 'missing_ordered_at'
            when {{ unreadable('source.created_at', parse_instant) }} then 'unreadable_ordered_at'
            when {{ unreadable('source.paid_at', parse_instant) }} then 'unreadable_paid_at'
            when {{ unreadable('source.goods_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.postage_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.discount_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.coupon_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.paid_amount', parse_amount) }} then 'unreadable_amount'
            when {{ blank('source.paid_amount') }} and not {{ blank('source.paid_at') }} then 'missing_amount'
        end as _rule

    from source

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('source.order_status') }}) = statuses.status_text

),

judged as (

    {{ judged('typed', 'tmall', 'orders') }}

)

select * from judged
