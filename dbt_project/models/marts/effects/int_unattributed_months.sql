{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

orders as (

    select orders.*

    from {{ ref('orders') }} as orders

    cross join {{ ref('int_run__as_of') }} as as_of

    where orders.customer_id is null and {{ known_by_as_of('orders.ordered_at') }}

),

refunds as (

    -- as in int_customer_days: a refund stamped before its order counts from the order on
    select
        greatest({{ business_date('refunds.refunded_at') }}, orders.order_date) as refund_date,
        refunds.refund_amount

    from {{ ref('int_refunds__unioned') }} as refunds

    inner join orders
        on refunds.source = orders.source
        and refunds.order_id = orders.order_id

    cross join {{ ref('int_run__as_of') }} as as_of

    where {{ known_by_as_of('refunds.refunded_at') }}

),

money as (

    select order_date as money_date, case when is_valid then 1 else 0 end as order_count, paid_amount as amount

    from orders

    union all

    select refund_date, 0, - refund_amount from refunds

),

months as (

    select
        cast(date_trunc('month', money_date) as date) as month,
        sum(order_count) as order_count,
        sum(amount) as net_spend

    from money

    group by 1

)

select * from months
