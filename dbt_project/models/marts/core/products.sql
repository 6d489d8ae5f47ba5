with

products as (

    select * from {{ ref('int_products__unioned') }}

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

    select
        product_id,
        source,
        product_name,
        category_l1,
        category_l2,
        category_l3,
        brand,
        list_price,
        stock_quantity

    from ranked

    where preference = 1

)

select * from preferred
