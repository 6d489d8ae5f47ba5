with

source as (

    select * from {{ landed('wechat', 'orders') }}

),

statuses as (

    select * from {{ ref('order_status') }} where source = 'wechat'

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.appid') }} || ':' || {{ clean_code('source.openid') }} as wechat_user_id,
        {{ clean_code('source.appid') }} as appid,
        {{ clean_code('source.openid') }} as openid,
        {{ clean_code('source.unionid') }} as wechat_unionid,

        ---------- strings
        {{ clean_text('source.order_status') }} as order_status,
        statuses.status,
        {{ normalise_person_name('source.receiver_name') }} as receiver_name,
        {{ clean_text('source.receiver_phone') }} as receiver_phone,
        {{ clean_text('source.province') }} as province,
        {{ clean_text('source.city') }} as city,
        {{ clean_text('source.district') }} as district,
        {{ clean_text('source.address') }} as address,

        ---------- numerics
        {{ parse_amount('source.goods_amount') }} as goods_amount,
        {{ parse_amount('source.postage_amount') }} as postage_amount,
        {{ parse_amount('source.discount_amount') }} as discount_amount,
        {{ parse_amount('source.coupon_amount') }} as coupon_amount,
        {{ parse_amount('source.paid_amount') }} as paid_amount,

        ---------- timestamps
        {{ parse_instant('source.created_at') }} as ordered_at,
        {{ parse_instant('source.paid_at') }} as paid_at,
        {{ parse_instant('source.updated_at') }} as updated_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when {{ blank('source.appid') }} then 'missing_appid'
            when {{ blank('source.openid') }} then 'missing_openid'
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

    {{ judged('typed', 'wechat', 'orders') }}

)

select * from judged
