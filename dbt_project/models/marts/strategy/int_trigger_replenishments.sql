{# Products that a customer would be due to buy again, by the own interval or that of others who bought them. #}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

recommendations as (

    select * from {{ ref('customer_recommendation') }} where kind = 'replenish'

),

candidates as (

    select
        customer_id,
        product_id,
        cast({{ add_days('as_of_date', '-days_since_order') }} as date) as last_order_date,
        gap_days

    from {{ ref('int_recommendation_signals') }}

    where kind = 'replenish' and not is_graded

),

products as (

    select product_id, coalesce(product_name, product_id) as product_name from {{ ref('products') }}

),

due as (

    -- one candidate per recommendation, one product per candidate
    select
        recommendations.customer_id,
        candidates.product_id,
        candidates.last_order_date,
        cast({{ add_days('candidates.last_order_date', 'cast(round(candidates.gap_days, 0) as integer)') }} as date)
            as due_on,
        products.product_name,
        recommendations.reason,
        recommendations.reason_zh

    from recommendations

    inner join candidates
        on recommendations.customer_id = candidates.customer_id
        and recommendations.item_id = candidates.product_id

    left join products
        on candidates.product_id = products.product_id

    where candidates.gap_days is not null

)

select
    'replenishment' as trigger_code,
    customer_id,
    product_id || ' since ' || cast(last_order_date as string) as episode_key,
    last_order_date as episode_started_on,
    due_on as episode_ends_on,
    due_on,
    '该补货了：' || coalesce(product_name, product_id) || '，' || reason_zh as reason_zh,
    'Due to replenish ' || coalesce(product_name, product_id) || ': ' || reason as reason_en,
    product_id

from due
