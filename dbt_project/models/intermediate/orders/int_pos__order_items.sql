with

ticket_lines as (

    select * from {{ staged('pos', 'ticket_lines') }}

),

sales as (

    select order_id from {{ ref('int_pos__tickets') }} where not is_return

),

sold_lines as (

    -- one ticket per line
    select
        ticket_lines.order_id,
        ticket_lines.line_no,
        ticket_lines.product_id,
        ticket_lines.quantity,
        ticket_lines.unit_price,
        ticket_lines.discount_amount,
        ticket_lines.line_amount as net_amount

    from ticket_lines

    inner join sales
        on ticket_lines.order_id = sales.order_id

)

select * from sold_lines
