{{ config(materialized='table') }}

with

ticket_lines as (

    select * from {{ staged('pos', 'ticket_lines') }}

),

card_placeholders as (

    select id_value from {{ ref('int_identity__placeholders') }} where id_type = 'member_no'

),

known_cards as (

    -- tills print a card number for customers without a card; at most one placeholder per line
    select
        ticket_lines.*,
        case when card_placeholders.id_value is null then ticket_lines.member_no end as card_no,
        coalesce(
            cast(round(ticket_lines.quantity * ticket_lines.unit_price, 2) as decimal(18, 2)),
            ticket_lines.line_amount + coalesce(ticket_lines.discount_amount, 0)
        ) as shelf_amount

    from ticket_lines

    left join card_placeholders
        on lower(ticket_lines.member_no) = card_placeholders.id_value

),

tickets as (

    select
        store_id || '-' || ticket_no as order_id,
        store_id,
        max(pos_customer_id) as pos_customer_id,
        max(card_no) as member_no,
        max(phone) as phone,
        store_id || '-' || max(original_ticket_no) as original_order_id,
        min(sold_at) as sold_at,
        sum(shelf_amount) as shelf_amount,
        sum(line_amount) as line_amount,
        -- a ticket that gives back more than it takes is a return, whatever its type says
        max(case when ticket_type = 'return' then 1 else 0 end) = 1 or sum(line_amount) < 0 as is_return

    from known_cards

    group by store_id, ticket_no

),

sales as (

    select order_id as sale_order_id from tickets where not is_return

),

matched_returns as (

    -- at most one sale per return
    select
        tickets.order_id,
        tickets.store_id,
        coalesce(tickets.pos_customer_id, 'M:' || tickets.member_no) as source_customer_id,
        tickets.member_no,
        tickets.phone,
        tickets.sold_at,
        tickets.is_return,
        case when tickets.is_return then coalesce(sales.sale_order_id, tickets.order_id) end as refund_of_order_id,
        cast(
            case when tickets.is_return then 0 else greatest(tickets.shelf_amount, tickets.line_amount) end
            as decimal(18, 2)
        ) as gross_amount,
        cast(case when tickets.is_return then 0 else tickets.line_amount end as decimal(18, 2)) as paid_amount,
        cast(case when tickets.is_return then - tickets.line_amount else 0 end as decimal(18, 2)) as refund_amount

    from tickets

    left join sales
        on tickets.is_return
        and tickets.original_order_id = sales.sale_order_id

)

select * from matched_returns
