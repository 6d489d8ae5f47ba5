{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The pool after the rules, with the signals that are blended into a score, but for those that are the customer's or
    the product's whatever the other is (int_recommendation_signals has all): to write them down took as long as to
    find them. Out of the question is what was sent back, what was bought within a year and is nothing to buy again,
    and, on the run's own day, what is out of stock: what was in stock on an earlier day is not known.
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
        pool.person,
        pool.product,
        people.is_graded,
        coalesce(history.order_day_count, 0) as order_day_count,
        coalesce(history.order_day_count_365d, 0) as order_day_count_365d,
        coalesce(history.order_day_count_90d, 0) as order_day_count_90d,
        {{ days_between('history.last_order_date', 'people.as_of_date') }} as days_since_order,
        {{ days_between('history.last_look_date', 'people.as_of_date') }} as days_since_look,
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
        outlooks.is_replenishable or coalesce(history.order_day_count, 0) > 1 as is_replenishable,
        coalesce(interests.share, 0) as category_share,
        {{ days_between('interests.last_order_date', 'people.as_of_date') }} as days_since_category_order,
        {{ rounded('abs(ln(nullif(outlooks.price, 0)) - interests.mean_log_price)', 6) }} as price_distance

    from pool

    inner join {{ ref('int_recommendation_people') }} as people
        on pool.person = people.person

    inner join {{ ref('int_product_outlooks') }} as outlooks
        on people.as_of_date = outlooks.as_of_date
        and pool.product = outlooks.product
        and outlooks.is_on_sale

    left join {{ ref('int_recommendation_history') }} as history
        on pool.person = history.person
        and pool.product = history.product

    left join {{ ref('int_recommendation_links') }} as links
        on pool.person = links.person
        and pool.product = links.product

    left join {{ ref('int_recommendation_interests') }} as interests
        on pool.person = interests.person
        and outlooks.category = interests.category

    left join stock
        on outlooks.product_id = stock.product_id

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
        person,
        product,
        is_graded,
        kind,
        order_day_count,
        order_day_count_365d,
        order_day_count_90d,
        days_since_order,
        days_since_look,
        look_score,
        gap_days,
        similar_score,
        accessory_score,
        upgrade_score,
        category_share,
        days_since_category_order,
        price_distance,
        case
            when kind = 'accessory' then accessory_of_place
            when kind = 'upgrade' then upgrade_of_place
            when kind = 'similar' and look_score = 0 then similar_of_place
        end as based_on_place

    from allowed

)

select * from evidenced
