{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

arms as (

    select * from {{ ref('int_promotion_arms') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

refunds as (

    -- what is refunded after the day of the run is not known yet
    select
        refunds.source,
        refunds.order_id,
        sum(refunds.refund_amount) as refund_amount

    from {{ ref('int_refunds__unioned') }} as refunds

    cross join as_of

    where refunds.refunded_at < as_of.as_of_end_at

    group by refunds.source, refunds.order_id

),

orders as (

    -- at most one sum of refunds per order
    select
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.paid_amount - coalesce(refunds.refund_amount, 0) as net_amount

    from {{ ref('orders') }} as orders

    cross join as_of

    left join refunds
        on orders.source = refunds.source
        and orders.order_id = refunds.order_id

    where orders.is_valid and orders.customer_id is not null and orders.ordered_at < as_of.as_of_end_at

),

outcomes as (

    -- an order before the message, on the same day, is no answer to it
    select
        arms.source,
        arms.campaign_id,
        arms.customer_id,
        sum(orders.net_amount) as net_spend

    from arms

    inner join orders
        on arms.customer_id = orders.customer_id
        and arms.assigned_at <= orders.ordered_at
        and {{ add_days('arms.assigned_date', 'arms.window_days') }} > orders.order_date

    group by arms.source, arms.campaign_id, arms.customer_id

)

select * from outcomes
