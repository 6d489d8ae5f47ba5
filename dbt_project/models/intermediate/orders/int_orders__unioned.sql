{{ kept_except('int_orders__changed', ['source', 'order_id']) }}

with

provided as (

    {{ provided('orders') }}

),

statements as (

    select * from {{ ref('int_order_statements__completed') }}

),

refunds as (

    select *

    from {{ ref('int_refunds__unioned') }}

    where {{ only_changed('int_orders__changed', ['source', 'order_id']) }}

),

refunds_per_order as (

    select
        source,
        order_id,
        min(refunded_at) as first_refunded_at,
        max(source_customer_id) as source_customer_id,
        max(channel) as channel,
        max(store_id) as store_id,
        sum(refund_amount) as refund_amount

    from refunds

    group by source, order_id

),

all_sold as (

    select * from provided

    union all

    select
        source,
        order_id,
        source_customer_id,
        channel,
        store_id,
        status,
        ordered_at,
        gross_amount,
        discount_amount,
        coupon_amount,
        paid_amount,
        is_paid

    from statements

),

sold as (

    select *

    from all_sold

    where {{ only_changed('int_orders__changed', ['source', 'order_id']) }}

),

refunded_only as (

    -- refunds whose order was never landed keep their money in an order that paid nothing
    select
        refunds_per_order.source,
        refunds_per_order.order_id,
        refunds_per_order.source_customer_id,
        coalesce(refunds_per_order.channel, refunds_per_order.source) as channel,
        refunds_per_order.store_id,
        'refunded' as status,
        refunds_per_order.first_refunded_at as ordered_at,
        cast(0 as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as coupon_amount,
        cast(0 as decimal(18, 2)) as paid_amount,
        false as is_paid

    from refunds_per_order

    left join sold
        on refunds_per_order.source = sold.source
        and refunds_per_order.order_id = sold.order_id

    where sold.order_id is null

),

unioned as (

    select * from sold

    union all

    select * from refunded_only

),

refunded as (

    -- at most one sum per order
    select
        unioned.source,
        unioned.order_id,
        unioned.source_customer_id,
        unioned.channel,
        unioned.store_id,
        case
            when coalesce(refunds_per_order.refund_amount, 0) <= 0 then unioned.status
            when refunds_per_order.refund_amount >= unioned.paid_amount then 'refunded'
            else 'partially_refunded'
        end as status,
        unioned.ordered_at,
        unioned.gross_amount,
        unioned.discount_amount,
        unioned.coupon_amount,
        unioned.paid_amount,
        cast(coalesce(refunds_per_order.refund_amount, 0) as decimal(18, 2)) as refund_amount,
        cast(
            unioned.paid_amount - coalesce(refunds_per_order.refund_amount, 0) as decimal(18, 2)
        ) as net_amount,
        unioned.is_paid as is_valid

    from unioned

    left join refunds_per_order
        on unioned.source = refunds_per_order.source
        and unioned.order_id = refunds_per_order.order_id

)

select * from refunded
