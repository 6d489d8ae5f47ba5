{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Signs of interest until as_of_date. A product is one sign per customer and day, whether it was looked at ten
    times, put into the cart, ordered, or all of that: counting events, or orders besides views, makes one decision
    look like several. A word searched for is a sign when no product of its category was met on that day.
#}
{%- set taken_back = ['unfavorite', 'remove_from_cart', 'unfollow'] %}

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

words as (

    select * from {{ ref('int_interest_words') }}

),

ordered as (

    -- many lines to one order; an order that was cancelled still shows interest
    select
        orders.customer_id,
        orders.order_date as activity_date,
        order_items.product_id

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    cross join as_of

    where orders.customer_id is not null and orders.ordered_at < as_of.as_of_end_at

),

events as (

    -- who browsed before the first login was not known at the time (see int_customer_days)
    select
        events.customer_id,
        events.event_date as activity_date,
        events.product_id,
        coalesce(events.search_keyword, events.category) as text

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.occurred_at < as_of.as_of_end_at
        and events.event_type not in ('{{ taken_back | join("', '") }}')
        and coalesce(events.product_id, events.search_keyword, events.category) is not null

),

met as (

    select customer_id, activity_date, product_id from ordered
    union
    select customer_id, activity_date, product_id from events where product_id is not null

),

product_signs as (

    -- many days to one product
    select
        met.customer_id,
        met.activity_date,
        products.category,
        count(*) as sign_count

    from met

    inner join products
        on met.product_id = products.product_id

    where products.category is not null

    group by met.customer_id, met.activity_date, products.category

),

word_signs as (

    -- one category per word
    select distinct
        events.customer_id,
        events.activity_date,
        words.category,
        1 as sign_count

    from events

    inner join words
        on {{ category_key('events.text') }} = words.word

    left join product_signs
        on events.customer_id = product_signs.customer_id
        and events.activity_date = product_signs.activity_date
        and words.category = product_signs.category

    where events.product_id is null and product_signs.customer_id is null

),

signs as (

    select * from product_signs
    union all
    select * from word_signs

),

by_month as (

    select
        customer_id,
        category,
        cast(date_trunc('month', activity_date) as date) as month,
        cast(sum(sign_count) as bigint) as sign_count

    from signs

    group by 1, 2, 3

)

select * from by_month
