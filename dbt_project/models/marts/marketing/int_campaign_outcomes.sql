{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

arms as (

    select * from {{ ref('int_campaign_arms') }}

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

    where {{ known_by_as_of('refunds.refunded_at') }}

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

    where orders.is_valid and orders.customer_id is not null and {{ known_by_as_of('orders.ordered_at') }}

),

visit_days as (

    select days.customer_id, days.activity_date

    from {{ ref('int_customer_days') }} as days

    cross join as_of

    where days.event_count > 0 and days.activity_date <= as_of.as_of_date

),

signs as (

    -- an order before the message, on the same day, is no answer to it; visits are counted by the day
    select
        arms.source,
        arms.campaign_id,
        arms.customer_id,
        1 as order_count,
        orders.net_amount as net_spend,
        0 as visit_day_count,
        case when {{ second_half_begins('arms') }} <= orders.order_date then 1 else 0 end as late_sign_count

    from arms

    inner join orders
        on arms.customer_id = orders.customer_id
        and arms.assigned_at <= orders.ordered_at
        and {{ add_days('arms.assigned_date', 'arms.window_days') }} > orders.order_date

    union all

    select
        arms.source,
        arms.campaign_id,
        arms.customer_id,
        0,
        0,
        1,
        case when {{ second_half_begins('arms') }} <= visit_days.activity_date then 1 else 0 end

    from arms

    inner join visit_days
        on arms.customer_id = visit_days.customer_id
        and arms.assigned_date <= visit_days.activity_date
        and {{ add_days('arms.assigned_date', 'arms.window_days') }} > visit_days.activity_date

),

outcomes as (

    select
        source,
        campaign_id,
        customer_id,
        cast(sum(order_count) as integer) as order_count,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend,
        cast(sum(visit_day_count) as integer) as visit_day_count,
        max(late_sign_count) = 1 as has_returned

    from signs

    group by source, campaign_id, customer_id

)

select * from outcomes
