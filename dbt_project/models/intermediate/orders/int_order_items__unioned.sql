{{ config(materialized='table') }}

with

tmall_items as (

    select * from {{ staged('tmall', 'order_items') }}

),

ticket_lines as (

    select * from {{ staged('pos', 'ticket_lines') }}

),

sale_tickets as (

    select order_id from {{ ref('int_pos__tickets') }} where not is_return

),

standard_items as (

    select * from {{ staged('standard', 'order_items') }}

),

sale_lines as (

    -- one ticket per line
    select
        sale_tickets.order_id,
        ticket_lines.line_no,
        ticket_lines.product_id,
        ticket_lines.quantity,
        ticket_lines.unit_price,
        ticket_lines.discount_amount,
        ticket_lines.line_amount

    from ticket_lines

    inner join sale_tickets
        on ticket_lines.store_id || '-' || ticket_lines.ticket_no = sale_tickets.order_id

),

unioned as (

    select
        'tmall' as source,
        order_id,
        line_id as line_no,
        product_id,
        quantity,
        unit_price,
        line_discount_amount as discount_amount,
        line_paid_amount as net_amount

    from tmall_items

    union all

    select
        'pos' as source,
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        line_amount as net_amount

    from sale_lines

    union all

    select
        'standard' as source,
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        net_amount

    from standard_items

),

completed as (

    -- of list amount, discount and net amount any one follows from the other two
    select
        source,
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price,
        cast(
            coalesce(
                discount_amount,
                cast(round(quantity * unit_price, 2) as decimal(18, 2)) - net_amount,
                0
            ) as decimal(18, 2)
        ) as discount_amount,
        cast(
            coalesce(
                net_amount,
                cast(round(quantity * unit_price, 2) as decimal(18, 2)) - coalesce(discount_amount, 0)
            ) as decimal(18, 2)
        ) as net_amount

    from unioned

)

select * from completed
