with

source as (

    select * from {{ landed('pos', 'ticket_lines') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.store_id') }} as store_id,
        {{ clean_code('source.ticket_no') }} as ticket_no,
        {{ clean_code('source.line_no') }} as line_no,
        {{ clean_code('source.original_ticket_no') }} as original_ticket_no,
        {{ clean_code('source.store_id') }} || '-' || {{ clean_code('source.ticket_no') }} as order_id,
        {{ clean_code('source.store_id') }} || '-' || {{ clean_code('source.original_ticket_no') }} as original_order_id,
        {{ clean_code('source.product_id') }} as product_id,
        {{ clean_code('source.member_no') }} as member_no,
        {{ clean_code('source.pos_customer_id') }} as pos_customer_id,
        coalesce(
            {{ clean_code('source.pos_customer_id') }}, 'M:' || {{ clean_code('source.member_no') }}
        ) as source_customer_id,
        {{ clean_code('source.register_no') }} as register_no,
        {{ clean_code('source.cashier_no') }} as cashier_no,

        ---------- strings
        case
            when {{ clean_text('source.ticket_type') }} in ('销售', 'sale') then 'sale'
            when {{ clean_text('source.ticket_type') }} in ('退货', '退款', 'return') then 'return'
        end as ticket_type,
        {{ clean_text('source.product_name') }} as product_name,
        {{ normalise_phone('source.phone') }} as phone,

        ---------- numerics
        {{ parse_quantity('source.quantity') }} as quantity,
        {{ parse_amount('source.unit_price') }} as unit_price,
        {{ parse_amount('source.discount_amount') }} as discount_amount,
        {{ parse_amount('source.line_amount') }} as line_amount,

        ---------- timestamps
        {{ parse_instant('source.sold_at') }} as sold_at,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.store_id') }} then 'missing_store_id'
            when {{ blank('source.ticket_no') }} then 'missing_ticket_no'
            when {{ blank('source.line_no') }} then 'missing_line_no'
            when {{ blank('source.product_id') }} then 'missing_product_id'
            when {{ blank('source.sold_at') }} then 'missing_sold_at'
            when {{ unreadable('source.sold_at', parse_instant) }} then 'unreadable_sold_at'
            when {{ blank('source.quantity') }} then 'missing_quantity'
            when {{ unreadable('source.quantity', parse_quantity) }} then 'unreadable_quantity'
            when {{ blank('source.line_amount') }} then 'missing_amount'
            when {{ unreadable('source.line_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.unit_price', parse_amount) }} then 'unreadable_amount'
            when {{ absurd_line('source.quantity', 'source.unit_price') }} then 'absurd_amount'
            when {{ unreadable('source.discount_amount', parse_amount) }} then 'unreadable_amount'
            when {{ clean_text('source.ticket_type') }} in ('退货', '退款', 'return') and {{ parse_amount('source.line_amount') }} > 0 then 'positive_return'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'pos', 'ticket_lines') }}

)

select * from judged
