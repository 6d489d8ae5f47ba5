{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

before as (

    select * from {{ source('ops', 'complete_product') }}

),

products as (

    select * from {{ ref('products') }}

),

refiled as (

    -- at most one row per product on both sides
    select coalesce(products.product_id, before.product_id) as product_id

    from products

    full outer join before
        on products.product_id = before.product_id

    where
        -- a line counts for what is known of products once its product is there, whatever that says
        products.product_id is null
        or before.product_id is null
        or products.category_l1 is distinct from before.category_l1
        or products.category_l2 is distinct from before.category_l2
        or products.category_l1_code is distinct from before.category_l1_code
        or products.category_l2_code is distinct from before.category_l2_code
        or products.brand is distinct from before.brand
        or products.unit_cost is distinct from before.unit_cost

)

select * from refiled
