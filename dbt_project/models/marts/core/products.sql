with

products as (

    select * from {{ ref('int_products__unioned') }}

),

stock_levels as (

    select * from {{ ref('stock_levels') }}

),

stock_per_product as (

    select product_id, sum(on_hand_quantity) as on_hand_quantity

    from stock_levels

    group by product_id

),

ranked as (

    -- product numbers are the retailer's own, so two systems that know one describe the same thing
    select
        *,
        row_number() over (
            partition by product_id
            order by
                case when product_name is null then 1 else 0 end,
                {{ source_rank('source') }},
                source
        ) as preference

    from products

),

preferred as (

    -- at most one sum of stock per product; snapshots are newer than what a product master says
    select
        ranked.product_id,
        ranked.source,
        ranked.product_name,
        ranked.category_l1,
        ranked.category_l2,
        ranked.category_l3,
        ranked.brand,
        ranked.list_price,
        cast(
            coalesce(stock_per_product.on_hand_quantity, ranked.stock_quantity) as decimal(18, 3)
        ) as stock_quantity

    from ranked

    left join stock_per_product
        on ranked.product_id = stock_per_product.product_id

    where ranked.preference = 1

)

select * from preferred
