{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

orders as (

    select * from {{ ref('orders') }} where customer_id is not null

),

order_items as (

    select * from {{ ref('order_items') }} where customer_id is not null

),

refunds as (

    select * from {{ ref('int_refunds__unioned') }}

),

events as (

    select * from {{ ref('events') }} where customer_id is not null

),

contacts as (

    select * from {{ ref('int_customer_contacts') }}

),

first_purchases as (

    select * from {{ ref('int_customer_first_purchases') }}

),

order_days as (

    -- money counts whatever the status says, so that it reconciles; the counts are of valid orders
    select
        customer_id,
        order_date as activity_date,
        count(*) as contact_count,
        count_if(is_valid) as order_count,
        sum(gross_amount) filter (where is_valid) as gross_amount,
        sum(discount_amount + coupon_amount) filter (where is_valid) as discount_amount,
        sum(paid_amount) as paid_amount,
        count_if(is_valid and coupon_amount > 0) as coupon_order_count,
        count_if(is_valid and channel = 'store') as store_order_count,
        count_if(
            is_valid
            and (
                extract(hour from {{ utc_to_local('ordered_at') }}) >= 22
                or extract(hour from {{ utc_to_local('ordered_at') }}) < 6
            )
        ) as night_order_count,
        -- 1 January 1900 was a Monday
        count_if(
            is_valid and {{ days_between("date '1900-01-01'", 'order_date') }} % 7 >= 5
        ) as weekend_order_count

    from orders

    group by customer_id, order_date

),

item_days as (

    -- many lines to one order
    select
        orders.customer_id,
        orders.order_date as activity_date,
        sum(order_items.quantity) as unit_count

    from order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    where orders.is_valid

    group by orders.customer_id, orders.order_date

),

refund_days as (

    -- a refund stamped before its order counts from the order on, or spend would dip below zero first
    select
        orders.customer_id,
        greatest({{ business_date('refunds.refunded_at') }}, orders.order_date) as activity_date,
        sum(refunds.refund_amount) as refund_amount

    from refunds

    inner join orders
        on refunds.source = orders.source
        and refunds.order_id = orders.order_id

    group by 1, 2

),

event_days as (

    select
        customer_id,
        event_date as activity_date,
        count(*) as event_count,
        count_if(event_type = 'view') as view_count,
        count_if(event_type = 'search') as search_count,
        count_if(event_type = 'favorite') as favorite_count,
        count_if(event_type = 'add_to_cart') as cart_count,
        count_if(event_type = 'share') as share_count,
        count(distinct session_id) as session_count

    from events

    group by customer_id, event_date

),

contact_days as (

    select customer_id, activity_date, contact_count, points_change from contacts

),

first_purchase_days as (

    select customer_id, first_order_date as activity_date, new_product_count, new_category_count,
        new_channel_count

    from first_purchases

),

days as (

    select customer_id, activity_date from order_days
    union
    select customer_id, activity_date from refund_days
    union
    select customer_id, activity_date from event_days
    union
    select customer_id, activity_date from contact_days

),

combined as (

    -- one row per customer and day on every side
    select
        days.customer_id,
        days.activity_date,

        coalesce(order_days.order_count, 0) as order_count,
        case when order_days.order_count > 0 then 1 else 0 end as purchase_day_count,
        coalesce(order_days.coupon_order_count, 0) as coupon_order_count,
        coalesce(order_days.store_order_count, 0) as store_order_count,
        coalesce(order_days.night_order_count, 0) as night_order_count,
        coalesce(order_days.weekend_order_count, 0) as weekend_order_count,
        coalesce(order_days.gross_amount, 0) as gross_amount,
        coalesce(order_days.discount_amount, 0) as discount_amount,
        coalesce(order_days.paid_amount, 0) as paid_amount,
        coalesce(refund_days.refund_amount, 0) as refund_amount,
        coalesce(item_days.unit_count, 0) as unit_count,
        coalesce(first_purchase_days.new_product_count, 0) as new_product_count,
        coalesce(first_purchase_days.new_category_count, 0) as new_category_count,
        coalesce(first_purchase_days.new_channel_count, 0) as new_channel_count,

        coalesce(event_days.event_count, 0) as event_count,
        coalesce(event_days.view_count, 0) as view_count,
        coalesce(event_days.search_count, 0) as search_count,
        coalesce(event_days.favorite_count, 0) as favorite_count,
        coalesce(event_days.cart_count, 0) as cart_count,
        coalesce(event_days.share_count, 0) as share_count,
        coalesce(event_days.session_count, 0) as session_count,

        coalesce(contact_days.points_change, 0) as points_change,
        coalesce(order_days.contact_count, 0)
        + coalesce(event_days.event_count, 0)
        + coalesce(contact_days.contact_count, 0) as interaction_count

    from days

    left join order_days
        on days.customer_id = order_days.customer_id
        and days.activity_date = order_days.activity_date

    left join refund_days
        on days.customer_id = refund_days.customer_id
        and days.activity_date = refund_days.activity_date

    left join item_days
        on days.customer_id = item_days.customer_id
        and days.activity_date = item_days.activity_date

    left join first_purchase_days
        on days.customer_id = first_purchase_days.customer_id
        and days.activity_date = first_purchase_days.activity_date

    left join event_days
        on days.customer_id = event_days.customer_id
        and days.activity_date = event_days.activity_date

    left join contact_days
        on days.customer_id = contact_days.customer_id
        and days.activity_date = contact_days.activity_date

)

select * from combined
