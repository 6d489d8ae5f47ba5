{{ kept_except('int_orders__changed', ['source', 'order_id']) }}

with

statements as (

    {{ provided('order_statements') }}

),

orders as (

    select *

    from statements

    where {{ only_changed('int_orders__changed', ['source', 'order_id']) }}

),

order_items as (

    select *

    from {{ ref('int_order_items__landed') }}

    where {{ only_changed('int_orders__changed', ['source', 'order_id']) }}

),

items_per_order as (

    select
        source,
        order_id,
        sum(
            coalesce(
                net_amount,
                cast(round(quantity * unit_price, 2) as decimal(18, 2)) - coalesce(discount_amount, 0)
            )
        ) as items_net_amount

    from order_items

    group by source, order_id

),

net_known as (

    -- what was kept, when the extract or its lines say it; at most one sum per order
    select
        orders.*,
        coalesce(orders.discount_amount, 0) as known_discount_amount,
        coalesce(orders.coupon_amount, 0) as known_coupon_amount,
        case
            when orders.net_amount is not null then orders.net_amount
            when orders.gross_amount is null then coalesce(items_per_order.items_net_amount, 0)
        end as known_net_amount

    from orders

    left join items_per_order
        on orders.source = items_per_order.source
        and orders.order_id = items_per_order.order_id

),

refund_known as (

    select
        *,
        case
            when status in ('cancelled', 'pending') then 0
            when refund_amount is not null then abs(refund_amount)
            -- a refund that is not given is what lacks between the price and the amount kept, or all of it
            when status in ('refunded', 'partially_refunded') and gross_amount is not null
                and known_net_amount is not null
                then greatest(gross_amount - known_discount_amount - known_coupon_amount - known_net_amount, 0)
            when status = 'refunded' and gross_amount is not null
                then gross_amount - known_discount_amount - known_coupon_amount
            else 0
        end as known_refund_amount

    from net_known

),

paid_known as (

    select
        *,
        case
            when status in ('cancelled', 'pending') then 0
            when known_net_amount is not null then known_net_amount + known_refund_amount
            else gross_amount - known_discount_amount - known_coupon_amount
        end as known_paid_amount

    from refund_known

),

gross_known as (

    -- a gross amount that cannot hold the payment and the coupon is raised to their sum
    select
        *,
        case
            when status in ('cancelled', 'pending')
                then coalesce(gross_amount, known_net_amount + known_discount_amount + known_coupon_amount, 0)
            when gross_amount is null then known_paid_amount + known_discount_amount + known_coupon_amount
            else greatest(gross_amount, known_paid_amount + known_coupon_amount)
        end as known_gross_amount

    from paid_known

),

balanced as (

    select
        source,
        order_id,
        source_customer_id,
        channel,
        store_id,
        status,
        ordered_at,
        cast(known_gross_amount as decimal(18, 2)) as gross_amount,
        cast(
            case
                when status in ('cancelled', 'pending') then known_discount_amount
                else known_gross_amount - known_coupon_amount - known_paid_amount
            end as decimal(18, 2)
        ) as discount_amount,
        cast(known_coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(known_paid_amount as decimal(18, 2)) as paid_amount,
        cast(known_refund_amount as decimal(18, 2)) as refund_amount,
        status not in ('cancelled', 'pending') as is_paid

    from gross_known

)

select * from balanced
