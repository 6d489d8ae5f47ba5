{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The pool after the rules, with the signals that are blended into a score. Out of the question is what was sent
    back, what was bought within a year and is nothing to buy again, and, on the run's own day, what is out of stock:
    what was in stock on an earlier day is not known.
#}

with

pool as (

    select * from {{ ref('int_recommendation_pool') }}

),

stock as (

    select product_id, stock_quantity from {{ ref('products') }}

),

joined as (

    -- one row per customer, product and date on every side; categories one per product
    select
        pool.as_of_date,
        pool.customer_id,
        pool.product_id,
        people.is_graded,
        outlooks.category,
        coalesce(history.order_day_count, 0) as order_day_count,
        coalesce(history.order_day_count_365d, 0) as order_day_count_365d,
        coalesce(history.order_day_count_90d, 0) as order_day_count_90d,
        history.last_order_date,
        {{ days_between('history.last_order_date', 'pool.as_of_date') }} as days_since_order,
        {{ days_between('history.last_look_date', 'pool.as_of_date') }} as days_since_look,
        coalesce(history.look_score, 0) as look_score,
        coalesce(history.is_returned, false) as is_returned,
        -- the customer's own rhythm as far as there is one, with one gap of all buyers beside it
        {%- set gap_days %}
            (
                coalesce({{ days_between('history.first_order_date', 'history.last_order_date') }}, 0)
                + coalesce(outlooks.gap_days, people.mean_gap_days)
            ) / greatest(coalesce(history.order_day_count, 1), 1)
        {%- endset %}
        {{ rounded(gap_days, 3) }} as gap_days,
        coalesce(links.similar_score, 0) as similar_score,
        coalesce(links.accessory_score, 0) as accessory_score,
        coalesce(links.upgrade_score, 0) as upgrade_score,
        links.similar_of_place,
        links.accessory_of_place,
        links.upgrade_of_place,
        outlooks.popularity,
        outlooks.popularity_rank,
        outlooks.category_rank,
        outlooks.is_replenishable or coalesce(history.order_day_count, 0) > 1 as is_replenishable,
        coalesce(interests.share, 0) as category_share,
        {{ days_between('interests.last_order_date', 'pool.as_of_date') }} as days_since_category_order,
        {{ rounded('abs(ln(nullif(outlooks.price, 0)) - interests.mean_log_price)', 6) }} as price_distance,
        people.order_day_count as customer_order_day_count,
        people.days_since_last_order,
        people.mean_gap_days

    from pool

    inner join {{ ref('int_recommendation_people') }} as people
        on pool.as_of_date = people.as_of_date
        and pool.customer_id = people.customer_id

    inner join {{ ref('int_product_outlooks') }} as outlooks
        on pool.as_of_date = outlooks.as_of_date
        and pool.product_id = outlooks.product_id
        and outlooks.is_on_sale

    left join {{ ref('int_recommendation_history') }} as history
        on pool.as_of_date = history.as_of_date
        and pool.customer_id = history.customer_id
        and pool.product_id = history.product_id

    left join {{ ref('int_recommendation_links') }} as links
        on pool.as_of_date = links.as_of_date
        and pool.customer_id = links.customer_id
        and pool.product_id = links.product_id

    left join {{ ref('int_recommendation_interests') }} as interests
        on pool.as_of_date = interests.as_of_date
        and pool.customer_id = interests.customer_id
        and outlooks.category = interests.category

    left join stock
        on pool.product_id = stock.product_id

    where people.is_graded or stock.stock_quantity is null or stock.stock_quantity > 0

),

allowed as (

    select
        *,
        case
            when order_day_count > 0 then 'replenish'
            when accessory_score > 0 then 'accessory'
            when upgrade_score > 0 then 'upgrade'
            when look_score > 0 or similar_score > 0 then 'similar'
            else 'popular'
        end as kind

    from joined

    where
        not is_returned
        and (order_day_count = 0 or is_replenishable or days_since_order >= 365)

),

evidenced as (

    select
        *,
        case
            when kind = 'accessory' then accessory_of_place
            when kind = 'upgrade' then upgrade_of_place
            when kind = 'similar' and look_score = 0 then similar_of_place
        end as based_on_place

    from allowed

)

select * from evidenced
