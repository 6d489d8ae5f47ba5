{#
    What lies there beside what is expected to be sold, for categories and for products alike. A product's part of its
    category is that of the last 26 weeks, and half a unit more: something new or never sold is expected to sell little, not
    never.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}
{%- set share_days = 182 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

products as (

    select
        product_id,
        case when category_l1 is null or category_l1 = 'all' then 'unknown' else category_l1 end as category,
        stock_quantity

    from {{ ref('products') }}

),

forecasts as (

    select * from {{ ref('segment_demand_forecast') }} where level = 'category'

),

sold as (

    -- one order per line
    select order_items.product_id, sum(order_items.quantity) as quantity

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    cross join as_of

    where orders.is_valid
        and order_items.quantity > 0
        and orders.order_date <= as_of.as_of_date
        and orders.order_date > {{ add_days('as_of.as_of_date', -share_days) }}

    group by order_items.product_id

),

listed as (

    -- products that no file lists have sales and no stock
    select
        coalesce(products.product_id, sold.product_id) as product_id,
        coalesce(products.category, 'unknown') as category,
        products.product_id is not null as is_listed,
        products.stock_quantity,
        coalesce(sold.quantity, 0) as sold_quantity

    from products

    full outer join sold
        on products.product_id = sold.product_id

),

shares as (

    select
        *,
        -- sums of decimals do not depend on the order of rows
        cast(sold_quantity + 0.5 as double)
            / cast(sum(sold_quantity + 0.5) over (partition by category) as double) as category_share

    from listed

),

per_product as (

    -- eight weeks per product
    select
        shares.category,
        shares.product_id,
        shares.stock_quantity,
        1 as product_count,
        forecasts.week,
        {{ rounded_decimal('cast(forecasts.quantity as double) * shares.category_share', 18, 3) }} as quantity

    from shares

    inner join forecasts
        on shares.category = forecasts.category

    where shares.is_listed

),

per_category as (

    -- a category that is forecast has a row, whether or not any of its products is listed
    select
        forecasts.category,
        cast(null as string) as product_id,
        stock.stock_quantity,
        coalesce(stock.product_count, 0) as product_count,
        forecasts.week,
        forecasts.quantity

    from forecasts

    left join (

        select category, sum(stock_quantity) as stock_quantity, count(*) as product_count

        from products

        group by category

    ) as stock
        on forecasts.category = stock.category

),

gathered as (

    select * from per_category

    union all

    select * from per_product

)

select * from gathered
