{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

{# What each recommendation rests on: order and score come from the ranker, kind and evidence from the candidates. #}

with

numbers as (

    select * from {{ ref('int_recommendation_products') }}

),

recommendations as (

    -- one number per customer of the run's day, and per product
    select recommendations.*, people.person, numbers.product

    from {{ source('analysis', 'customer_recommendation') }} as recommendations

    inner join {{ ref('int_recommendation_people') }} as people
        on recommendations.customer_id = people.customer_id
        and not people.is_graded

    inner join numbers
        on recommendations.product_id = numbers.product_id

),

candidates as (

    select * from {{ ref('int_recommendation_candidates') }} where not is_graded

),

outlooks as (

    select as_of_date, product, category from {{ ref('int_product_outlooks') }}

),

evidenced as (

    -- one candidate per recommendation, one product per place
    select
        recommendations.*,
        candidates.kind,
        outlooks.category,
        candidates.days_since_order,
        candidates.gap_days,
        case
            when candidates.kind = 'replenish' and candidates.order_day_count > 1 then 'bought_regularly'
            when candidates.kind = 'replenish' then 'bought_before'
            when candidates.kind = 'accessory' then 'bought_together'
            when candidates.kind = 'upgrade' then 'step_up'
            when candidates.kind = 'similar' and candidates.look_score > 0 then 'looked_at'
            when candidates.kind = 'similar' then 'liked_by_same'
            when candidates.category_share > 0 then 'popular_in_category'
            else 'popular'
        end as reason_code,
        case
            when candidates.kind = 'replenish' or (candidates.kind = 'similar' and candidates.look_score > 0)
                then recommendations.product_id
            else evidence.product_id
        end as based_on_item_id

    from recommendations

    inner join candidates
        on recommendations.person = candidates.person
        and recommendations.product = candidates.product

    inner join outlooks
        on recommendations.as_of_date = outlooks.as_of_date
        and recommendations.product = outlooks.product

    left join {{ ref('int_recommendation_history') }} as seeds
        on candidates.person = seeds.person
        and candidates.based_on_place = seeds.place

    left join numbers as evidence
        on seeds.product = evidence.product

)

select * from evidenced
