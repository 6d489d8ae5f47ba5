{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What is known of each product as of each date: how many buy it lately (a buyer's day counts half after
    half_life_days), what it costs, and whether and how soon people buy it again. Shares and gaps of products with few
    buyers are drawn towards those of their category.
#}
{%- set half_life_days, on_sale_days, prior_buyers, replenishable_share = 30, 90, 10, 0.1 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

products as (

    select
        *,
        coalesce(category_l2_code, category_l2, category_l1_code, category_l1) as category,
        coalesce(category_l3, category_l2, category_l1) as subcategory

    from {{ ref('products') }}

),

prices as (

    -- what was asked for before discounts, and paid where that is not said
    select
        dates.as_of_date,
        order_items.product_id,
        avg(cast(coalesce(order_items.unit_price, order_items.net_amount / order_items.quantity) as double)) as price

    from {{ ref('order_items') }} as order_items

    inner join dates
        on order_items.order_date <= dates.as_of_date
        and order_items.order_date > {{ add_days('dates.as_of_date', -365) }}

    where order_items.product_id is not null and order_items.quantity > 0

    group by dates.as_of_date, order_items.product_id

),

per_buyer as (

    select
        dates.as_of_date,
        signs.product_id,
        signs.customer_id,
        count(*) as order_day_count,
        {{ days_between('min(signs.sign_date)', 'max(signs.sign_date)') }} as span_days,
        max(signs.sign_date) as last_order_date,
        sum(power(0.5, cast({{ days_between('signs.sign_date', 'dates.as_of_date') }} as double) / {{ half_life_days }}))
            as popularity

    from {{ ref('int_product_signs') }} as signs

    inner join dates
        on signs.sign_date <= dates.as_of_date

    where signs.order_count > 0

    group by dates.as_of_date, signs.product_id, signs.customer_id

),

per_product as (

    select
        per_buyer.as_of_date,
        per_buyer.product_id,
        products.category,
        products.subcategory,
        count(*) as buyer_count,
        count(case when per_buyer.order_day_count > 1 then 1 end) as repeat_buyer_count,
        sum(per_buyer.span_days) as span_days,
        sum(per_buyer.order_day_count - 1) as repeat_count,
        max(per_buyer.last_order_date) as last_order_date,
        round(sum(per_buyer.popularity), 6) as popularity

    from per_buyer

    left join products
        on per_buyer.product_id = products.product_id

    group by per_buyer.as_of_date, per_buyer.product_id, products.category, products.subcategory

),

beside_category as (

    select
        *,
        sum(buyer_count) over same_category as category_buyers,
        sum(repeat_buyer_count) over same_category as category_repeat_buyers,
        sum(span_days) over same_category as category_span_days,
        sum(repeat_count) over same_category as category_repeats

    from per_product

    window same_category as (partition by as_of_date, category)

),

judged as (

    -- at most one price per product and date
    select
        beside_category.as_of_date,
        beside_category.product_id,
        beside_category.category,
        beside_category.subcategory,
        beside_category.buyer_count,
        beside_category.popularity,
        round(prices.price, 2) as price,
        beside_category.last_order_date > {{ add_days('beside_category.as_of_date', -on_sale_days) }} as is_on_sale,
        (
            beside_category.repeat_buyer_count
            + {{ prior_buyers }} * cast(category_repeat_buyers as double) / category_buyers
        ) / (beside_category.buyer_count + {{ prior_buyers }}) >= {{ replenishable_share }} as is_replenishable,
        case
            when category_repeats > 0
                then round(
                    (span_days + {{ prior_buyers }} * cast(category_span_days as double) / category_repeats)
                    / (repeat_count + {{ prior_buyers }}), 3
                )
        end as gap_days

    from beside_category

    left join prices
        on beside_category.as_of_date = prices.as_of_date
        and beside_category.product_id = prices.product_id

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
