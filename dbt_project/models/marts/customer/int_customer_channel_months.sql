{{ kept_per_customer() }}

{#
    What each customer bought by channel and month of the order, as as_of_date sees it. customer_360 sums its
    money from here and revenue_reconciliation compares this with the raw files.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select orders.*

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_changed_customers('orders.customer_id') }}

),

refunds_per_order as (

    select
        refunds.source,
        refunds.order_id,
        sum(refunds.refund_amount) as refund_amount

    from {{ ref('int_refunds__unioned') }} as refunds

    cross join as_of

    where {{ known_by_as_of('refunds.refunded_at') }}

    group by refunds.source, refunds.order_id

),

channel_months as (

    -- one refund row per order
    select
        orders.customer_id,
        orders.channel,
        cast(date_trunc('month', orders.order_date) as date) as order_month,
        count_if(orders.is_valid) as order_count,
        coalesce(sum(orders.gross_amount) filter (where orders.is_valid), 0) as gross_amount,
        sum(orders.paid_amount) as paid_amount,
        sum(coalesce(refunds_per_order.refund_amount, 0)) as refunded_amount,
        sum(
            orders.paid_amount - coalesce(refunds_per_order.refund_amount, 0)
        ) as net_spend,
        min(orders.ordered_at) filter (where orders.is_valid) as first_order_at,
        max(orders.ordered_at) filter (where orders.is_valid) as last_order_at

    from orders

    left join refunds_per_order
        on orders.source = refunds_per_order.source
        and orders.order_id = refunds_per_order.order_id

    group by 1, 2, 3

)

select * from channel_months
