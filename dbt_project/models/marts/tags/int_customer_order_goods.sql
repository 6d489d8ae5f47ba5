{{ kept_per_retagged_customer() }}

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
        and orders.is_valid
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_retagged_customers('orders.customer_id') }}

),

order_items as (

    select * from {{ ref('order_items') }} where {{ only_retagged_customers() }}

),

products as (

    select product_id, category_l1_code, category_l2_code, brand from {{ ref('products') }}

),

goods as (

    -- many lines to one order and to one product
    select
        orders.customer_id,
        orders.source,
        orders.order_id,
        cast(date_trunc('month', orders.order_date) as date) as order_month,
        products.category_l1_code,
        products.category_l2_code,
        products.brand,
        cast(sum(coalesce(order_items.net_amount, 0)) as decimal(18, 2)) as spend_amount

    from order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    left join products
        on order_items.product_id = products.product_id

    group by 1, 2, 3, 4, 5, 6, 7

)

select * from goods
