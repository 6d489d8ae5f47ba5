{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What is known of each product as of each date: whether it is on sale, and whether and how soon people buy it again.
    Shares and gaps of products with few buyers are drawn towards those of their category.
#}
{%- set on_sale_days, prior_buyers, replenishable_share = 90, 10, 0.1 %}

with

products as (

    select
        product_id,
        {{ goods_category() }} as category,
        coalesce(category_l3, category_l2, category_l1) as subcategory

    from {{ ref('products') }}

),

purchases as (

    -- what appears in orders only has no category; one number per product
    select purchases.*, numbers.product, products.category, products.subcategory

    from {{ ref('int_product_purchases') }} as purchases

    inner join {{ ref('int_recommendation_products') }} as numbers
        on purchases.product_id = numbers.product_id

    left join products
        on purchases.product_id = products.product_id

),

beside_category as (

    select
        *,
        sum(buyer_count) over same_category as category_buyers,
        sum(repeat_buyer_count) over same_category as category_repeat_buyers,
        sum(span_days) over same_category as category_span_days,
        sum(repeat_count) over same_category as category_repeats

    from purchases

    window same_category as (partition by as_of_date, category)

),

judged as (

    select
        as_of_date,
        product_id,
        product,
        category,
        subcategory,
        buyer_count,
        popularity,
        price,
        last_order_date > {{ add_days('as_of_date', -on_sale_days) }} as is_on_sale,
        (
            repeat_buyer_count + {{ prior_buyers }} * cast(category_repeat_buyers as double) / category_buyers
        ) / (buyer_count + {{ prior_buyers }}) >= {{ replenishable_share }} as is_replenishable,
        {%- set gap_days %}
            (span_days + {{ prior_buyers }} * cast(category_span_days as double) / category_repeats)
            / (repeat_count + {{ prior_buyers }})
        {%- endset %}
        case when category_repeats > 0 then {{ rounded(gap_days, 3) }} end as gap_days

    from beside_category

),

placed as (

    select
        *,
        row_number() over (
            partition by as_of_date, is_on_sale order by popularity desc, buyer_count desc, product_id
        ) as popularity_rank,
        row_number() over (
            partition by as_of_date, is_on_sale, category order by popularity desc, buyer_count desc, product_id
        ) as category_rank

    from judged

)

select * from placed
