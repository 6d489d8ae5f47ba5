{{ kept_except('int_orders__changed', {'source': "'pos'", 'order_id': 'order_id'}) }}

with

ticket_lines as (

    select *

    from {{ staged('pos', 'ticket_lines') }}

    where {{ only_changed('int_orders__changed', {'source': "'pos'", 'order_id': 'order_id'}) }}

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

summed as (

    select
        order_id,
        store_id,
        max(pos_customer_id) as pos_customer_id,
        max(card_no) as member_no,
        max(phone) as phone,
        max(original_order_id) as original_order_id,
        min(sold_at) as sold_at,
        sum(shelf_amount) as shelf_amount,
        sum(line_amount) as line_amount,
        -- a ticket that gives back more than it takes is a return, whatever its type says
        max(case when ticket_type = 'return' then 1 else 0 end) = 1 or sum(line_amount) < 0 as is_return

    from known_cards

    group by order_id, store_id

),

tickets as (

    select
        order_id,
        store_id,
        coalesce(pos_customer_id, 'M:' || member_no) as source_customer_id,
        member_no,
        phone,
        sold_at,
        is_return,
        case when is_return then coalesce(original_order_id, order_id) end as refund_of_order_id,
        cast(case when is_return then 0 else greatest(shelf_amount, line_amount) end as decimal(18, 2)) as gross_amount,
        cast(case when is_return then 0 else line_amount end as decimal(18, 2)) as paid_amount,
        cast(case when is_return then - line_amount else 0 end as decimal(18, 2)) as refund_amount

    from summed

)

select * from tickets
