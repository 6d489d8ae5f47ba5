{# Products that a customer would be due to buy again, by the own interval or that of others who bought them. #}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

recommendations as (

    select * from {{ ref('customer_recommendation') }} where kind = 'replenish'

),

scored as (

    select * from {{ source('analysis', 'customer_recommendation') }} where kind = 'replenish'

),

products as (

    select product_id, coalesce(product_name, product_id) as product_name from {{ ref('products') }}

),

due as (

    -- one scored product per recommendation
    select
        recommendations.customer_id,
        scored.product_id,
        scored.last_order_date,
        cast({{ add_days('scored.last_order_date', 'cast(round(scored.gap_days, 0) as integer)') }} as date)
            as due_on,
        products.product_name,
        recommendations.reason,
        recommendations.reason_zh

    from recommendations

    inner join scored
        on recommendations.customer_id = scored.customer_id
        and recommendations.item_id = scored.product_id

    left join products
        on scored.product_id = products.product_id

    where scored.gap_days is not null

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
