with

source as (

    select * from {{ landed('jd', 'order_items') }}

),

typed as (

    select
        ---------- ids
        {{ clean_code('source.order_id') }} as order_id,
        {{ clean_code('source.sku_id') }} as sku_id,
        {{ clean_code('source.product_id') }} as product_id,

        ---------- strings
        {{ clean_text('source.product_title') }} as product_title,

        ---------- numerics
        {{ parse_quantity('source.quantity') }} as quantity,
        {{ parse_amount('source.unit_price') }} as unit_price,
        {{ parse_amount('source.line_discount_amount') }} as line_discount_amount,
        {{ parse_amount('source.line_paid_amount') }} as line_paid_amount,

        ---------- landing
        source._file_id,
        source._row_number,
        source._load_number,
        source._row_hash,

        case
            when {{ blank('source.order_id') }} then 'missing_order_id'
            when {{ blank('source.sku_id') }} then 'missing_sku_id'
            when {{ blank('source.product_id') }} then 'missing_product_id'
            when {{ blank('source.quantity') }} then 'missing_quantity'
            when {{ unreadable('source.quantity', parse_quantity) }} then 'unreadable_quantity'
            when {{ unreadable('source.unit_price', parse_amount) }} then 'unreadable_amount'
            when {{ absurd_line('source.quantity', 'source.unit_price') }} then 'absurd_amount'
            when {{ unreadable('source.line_discount_amount', parse_amount) }} then 'unreadable_amount'
            when {{ unreadable('source.line_paid_amount', parse_amount) }} then 'unreadable_amount'
        end as _rule

    from source

),

judged as (

    {{ judged('typed', 'jd', 'order_items') }}

)

select * from judged
