with

source as (

    select * from {{ landed('jd', 'orders') }}

),

statuses as (

    select * from {{ ref('order_status') }} where source = 'jd'

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.buyer_id') }} as buyer_id,
        {{ clean_code('source.shop_id') }} as shop_id,

        ---------- strings
        {{ clean_text('source.shop_name') }} as shop_name,
        {{ clean_text('source.payment_method') }} as payment_method,
        {{ clean_text('source.order_status') }} as order_status,
        statuses.status,
        {{ clean_text('source.order_type') }} as order_type,
        {{ normalise_person_name('source.receiver_name') }} as receiver_name,
        {{ clean_text('source.receiver_address') }} as receiver_address,
        {{ clean_text('source.receiver_phone') }} as receiver_phone,
        {{ clean_text('source.order_note') }} as order_note,
        {{ clean_text('source.order_origin') }} as order_origin,

        ---------- numerics
        {{ parse_amount('source.goods_amount') }} as goods_amount,
        {{ parse_amount('source.settlement_amount') }} as settlement_amount,
        {{ parse_amount('source.freight_amount') }} as freight_amount,
        {{ parse_amount('source.balance_amount') }} as balance_amount,
        {{ parse_amount('source.payable_amount') }} as payable_amount,

        ---------- booleans
        -- the amount due is stated for every order, so its confirmation decides; who pays on delivery has paid at the end
        {{ clean_text('source.paid_at') }} is not null
        or coalesce({{ clean_text('source.order_status') }} in ('完成', 'FINISHED_L'), false) as is_paid,

        ---------- timestamps
        {{ parse_instant('source.created_at') }} as ordered_at,
        {{ parse_instant('source.paid_at') }} as paid_at,
        {{ parse_instant('source.finished_at') }} as finished_at,
        {{ parse_instant('source.modified_at') }} as modified_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when {{ blank('source.buyer_id') }} then 'missing_buyer_id'
            when {{ blank('source.created_at') }} then 'missing_ordered_at'
            when {{ unreadable('source.created_at', parse_instant) }} then 'unreadable_ordered_at'
            when {{ unreadable('source.paid_at', parse_instant) }} then 'unreadable_paid_at'
            when {{ unreadable('source.goods_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.settlement_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.freight_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.balance_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.payable_amount', parse_amount) }} then 'unreadable_amount'
            when {{ blank('source.payable_amount') }} and not {{ blank('source.paid_at') }} then 'missing_amount'
        end as _rule

    from source

    -- at most one status per row
    left join statuses
        on lower({{ clean_text('source.order_status') }}) = statuses.status_text

),

judged as (

    {{ judged('typed', 'jd', 'orders') }}

)

select * from judged
