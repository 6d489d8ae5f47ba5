{{ kept_per_retagged_customer() }}

{#
    What customers bought and looked at until as_of_date, by category and day. Categories are those that interests
    are told in (int_interest_categories). Words searched for are left out: which goods were meant shows in what
    was looked at next.
#}
{%- set looks = ['view', 'favorite', 'add_to_cart', 'checkout', 'share'] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

products as (

    select
        product_id,
        coalesce(category_l2_code, category_l2, category_l1_code, category_l1) as category

    from {{ ref('products') }}

),

bought as (

    -- many lines to one order
    select
        orders.customer_id,
        products.category,
        orders.order_date as activity_date,
        1 as bought_count,
        0 as met_count,
        0 as carted_count

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    inner join products
        on order_items.product_id = products.product_id

    cross join as_of

    where
        orders.customer_id is not null
        and orders.is_valid
        and orders.ordered_at < as_of.as_of_end_at
        and products.category is not null
        and {{ only_retagged_customers('orders.customer_id') }}

),

met as (

    -- who browsed before the first login was not known at the time (see int_customer_days)
    select
        events.customer_id,
        products.category,
        events.event_date as activity_date,
        0 as bought_count,
        1 as met_count,
        case when events.event_type = 'add_to_cart' then 1 else 0 end as carted_count

    from {{ ref('events') }} as events

    inner join products
        on events.product_id = products.product_id

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.occurred_at < as_of.as_of_end_at
        and events.event_type in ('{{ looks | join("', '") }}')
        and products.category is not null
        and {{ only_retagged_customers('events.customer_id') }}

),

acts as (

    select * from bought

    union all

    select * from met

),

by_day as (

    select
        customer_id,
        category,
        activity_date,
        cast(sum(bought_count) as bigint) as bought_count,
        cast(sum(met_count) as bigint) as met_count,
        cast(sum(carted_count) as bigint) as carted_count

    from acts

    group by customer_id, category, activity_date

)

select * from by_day
