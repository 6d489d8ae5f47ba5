-- A failing row is a day's sale that was lost or counted twice on its way to a segment: the weeks of the past year hold
-- other units than the order lines do.

with

as_of as (

    select
        as_of_date,
        cast(date_trunc('week', {{ add_days('as_of_date', -364) }}) as date) as first_week

    from {{ ref('int_run__as_of') }}

),

sold as (

    select coalesce(sum(order_items.quantity), 0) as quantity

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    cross join as_of

    where orders.is_valid
        and order_items.quantity > 0
        and orders.order_date between as_of.first_week and as_of.as_of_date

),

counted as (

    select coalesce(sum(weekly.quantity), 0) as quantity

    from {{ ref('segment_weekly_sales') }} as weekly

    cross join as_of

    where weekly.week >= as_of.first_week

)

select
    sold.quantity as sold_quantity,
    counted.quantity as counted_quantity

from sold

cross join counted

where sold.quantity <> counted.quantity
