{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

{# Candidates by the ids of customers and products, with what is known of either. #}

with

candidates as (

    select * from {{ ref('int_recommendation_candidates') }}

),

signals as (

    -- every candidate's customer and product are numbered, and a product sells on the date
    select
        candidates.*,
        people.as_of_date,
        people.customer_id,
        people.order_day_count as customer_order_day_count,
        people.days_since_last_order,
        people.mean_gap_days,
        outlooks.product_id,
        outlooks.category,
        outlooks.popularity,
        outlooks.popularity_rank,
        outlooks.category_rank

    from candidates

    inner join {{ ref('int_recommendation_people') }} as people
        on candidates.person = people.person

    inner join {{ ref('int_product_outlooks') }} as outlooks
        on people.as_of_date = outlooks.as_of_date
        and candidates.product = outlooks.product

)

select * from signals
