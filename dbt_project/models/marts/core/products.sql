with

products as (

    select * from {{ ref('int_products__unioned') }}

),

categorised as (

    select * from {{ ref('int_products__categorised') }}

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
        row_number() over (partition by product_id order by {{ product_preference() }}) as preference

    from products

),

preferred as (

    -- at most one category and one sum of stock per product; snapshots are newer than what a product master says
    select
        ranked.product_id,
        ranked.source,
        ranked.product_name,
        categorised.category_l1,
        categorised.category_l2,
        categorised.category_l3,
        categorised.category_l1_code,
        categorised.category_l2_code,
        categorised.category_source,
        coalesce(categorised.category_is_imputed, false) as category_is_imputed,
        ranked.brand,
        ranked.list_price,
        ranked.unit_cost,
        cast(
            coalesce(stock_per_product.on_hand_quantity, ranked.stock_quantity) as decimal(18, 3)
        ) as stock_quantity

    from ranked

    left join categorised
        on ranked.product_id = categorised.product_id

    left join stock_per_product
        on ranked.product_id = stock_per_product.product_id

    where ranked.preference = 1

)

select * from preferred
