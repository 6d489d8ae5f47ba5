{{ kept_per_customer() }}

with

orders as (

    select *

    from {{ ref('orders') }}

    where customer_id is not null and is_valid and {{ only_changed_customers() }}

),

order_items as (

    select * from {{ ref('order_items') }} where {{ only_changed_customers() }}

),

products as (

    select product_id, category_l1 from {{ ref('products') }}

),

purchased_items as (

    -- many lines to one order and to one product
    select orders.customer_id, orders.order_date, order_items.product_id, products.category_l1

    from order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    left join products
        on order_items.product_id = products.product_id

),

firsts as (

    select customer_id, 'product' as novelty, product_id as value, min(order_date) as first_order_date

    from purchased_items

    group by customer_id, product_id

    union all

    select customer_id, 'category', category_l1, min(order_date)

    from purchased_items

    where category_l1 is not null

    group by customer_id, category_l1

    union all

    select customer_id, 'channel', channel, min(order_date)

    from orders

    group by customer_id, channel

),

counted as (

    -- the number of different things bought so far is then a running sum, for any date
    select
        customer_id,
        first_order_date,
        count_if(novelty = 'product') as new_product_count,
        count_if(novelty = 'category') as new_category_count,
        count_if(novelty = 'channel') as new_channel_count

    from firsts

    group by customer_id, first_order_date

)

select * from counted
