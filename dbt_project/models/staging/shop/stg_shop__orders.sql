with

source as (

    select * from {{ landed('shop', 'orders') }}

),

statuses as (

    select * from {{ ref('order_status') }} where source = 'shop'

),

unnested as (

    select
        source.*,
        {{ json_field('source.contact', 'phone') }} as contact_phone,
        {{ json_field('source.contact', 'email') }} as contact_email,
        {{ json_field('source.shipping_address', 'name') }} as receiver_name,
        {{ json_field('source.shipping_address', 'phone') }} as receiver_phone,
        {{ json_field('source.shipping_address', 'province') }} as receiver_province,
        {{ json_field('source.shipping_address', 'city') }} as receiver_city,
        {{ json_field('source.shipping_address', 'district') }} as receiver_district,
        {{ json_field('source.shipping_address', 'street') }} as receiver_street,
        {{ json_field('source.shipping_address', 'postcode') }} as receiver_postcode

    from source

),

typed as (

    select
        ---------- ids
        {{ clean_code('unnested.order_id') }} as order_id,
        {{ clean_code('unnested.customer_id') }} as customer_id,
        -- every guest order is a record of its own: identity tells which are one person's
        coalesce({{ clean_code('unnested.customer_id') }}, 'G:' || {{ clean_code('unnested.order_id') }}) as source_customer_id,

        ---------- strings
        {{ clean_text('unnested.status') }} as status_text,
        statuses.status,
        {{ clean_text('unnested.currency') }} as currency,
        {{ normalise_phone('unnested.contact_phone') }} as contact_phone,
        {{ normalise_email('unnested.contact_email') }} as contact_email,
        {{ normalise_person_name('unnested.receiver_name') }} as receiver_name,
        {{ normalise_phone('unnested.receiver_phone') }} as receiver_phone,
        {{ clean_text('unnested.receiver_province') }} as province,
        {{ clean_text('unnested.receiver_city') }} as city,
        {{ clean_text('unnested.receiver_district') }} as district,
        {{ clean_text('unnested.receiver_street') }} as address,
        {{ clean_code('unnested.receiver_postcode') }} as postcode,
        {{ clean_text('unnested.payment_method') }} as payment_method,

        ---------- numerics
        {{ parse_amount('unnested.goods_amount') }} as goods_amount,
        {{ parse_amount('unnested.shipping_amount') }} as shipping_amount,
        {{ parse_amount('unnested.discount_amount') }} as discount_amount,
        {{ parse_amount('unnested.coupon_amount') }} as coupon_amount,
        {{ parse_amount('unnested.total_amount') }} as total_amount,
        {{ parse_amount('unnested.paid_amount') }} as paid_amount,

        ---------- booleans
        {{ blank('unnested.customer_id') }} as is_guest,

        ---------- timestamps
        {{ parse_instant('unnested.created_at') }} as ordered_at,
        {{ parse_instant('unnested.paid_at') }} as paid_at,
        {{ parse_instant('unnested.updated_at') }} as updated_at,

        ---------- landing
        unnested._file_id,
        unnested._row_number,
        unnested._load_number,
        unnested._row_hash,

        case
            when {{ blank('unnested.order_id') }} then 'missing_order_id'
            when {{ blank('unnested.created_at') }} then 'missing_ordered_at'
            when {{ unreadable('unnested.created_at', parse_instant) }} then 'unreadable_ordered_at'
            when {{ unreadable('unnested.paid_at', parse_instant) }} then 'unreadable_paid_at'
            when {{ unreadable('unnested.goods_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('unnested.shipping_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('unnested.discount_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('unnested.coupon_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('unnested.total_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('unnested.paid_amount', parse_amount) }} then 'unreadable_amount'
            when {{ blank('unnested.paid_amount') }} and not {{ blank('unnested.paid_at') }} then 'missing_amount'
        end as _rule

    from unnested

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('unnested.status') }}) = statuses.status_text

),

judged as (

    {{ judged('typed', 'shop', 'orders') }}

)

select * from judged
