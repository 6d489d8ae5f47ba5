with

source as (

    select * from {{ landed('standard', 'orders') }}

),

statuses as (

    select * from {{ ref('order_status') }} where source = 'standard'

),

channel_aliases as (

    select * from {{ ref('channel_alias') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.source_customer_id') }} as source_customer_id,
        {{ clean_code('source.store_id') }} as store_id,

        ---------- strings
        coalesce(channel_aliases.code, lower({{ clean_text('source.channel') }}), 'other') as channel,
        case when {{ blank('source.status') }} then 'paid' else statuses.status end as status,

        ---------- numerics
        {{ parse_amount('source.gross_amount') }} as gross_amount,
        {{ parse_amount('source.discount_amount') }} as discount_amount,
        {{ parse_amount('source.coupon_amount') }} as coupon_amount,
        {{ parse_amount('source.refund_amount') }} as refund_amount,
        {{ parse_amount('source.net_amount') }} as net_amount,

        ---------- timestamps
        {{ parse_instant('source.ordered_at') }} as ordered_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when {{ blank('source.ordered_at') }} then 'missing_ordered_at'
            when {{ unreadable('source.ordered_at', parse_instant) }} then 'unreadable_ordered_at'
            when {{ unreadable('source.gross_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.discount_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.coupon_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.refund_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.net_amount', parse_amount) }} then 'unreadable_amount'
            when not {{ blank('source.status') }} and statuses.status is null then 'unknown_status'
        end as _rule

    from source

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('source.status') }}) = statuses.status_text

    -- at most one code per row
    left join channel_aliases
        on lower({{ clean_text('source.channel') }}) = channel_aliases.channel_text

),

judged as (

    {{ judged('typed', 'standard', 'orders') }}

)

select * from judged
