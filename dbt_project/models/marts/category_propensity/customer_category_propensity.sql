with

scores as (

    select * from {{ source('analysis', 'customer_category_propensity') }}

),

categories as (

    select * from {{ ref('int_interest_categories') }}

),

typed as (

    -- one label per category
    select
        scores.customer_id,
        scores.category,
        cast(scores.as_of_date as date) as as_of_date,
        cast(scores.rank as integer) as rank,
        coalesce(categories.label_zh, scores.category) as label_zh,
        coalesce(categories.label_en, scores.category) as label_en,
        cast(scores.probability as double) as probability,
        cast(scores.horizon_days as integer) as horizon_days,
        cast(scores.bought_count_365d as bigint) as bought_count_365d,
        cast(scores.days_since_bought as bigint) as days_since_bought,
        cast(scores.met_count_90d as bigint) as met_count_90d,
        scores.model_version,
        scores.served_by

    from scores

    left join categories
        on scores.category = categories.category

)

select * from typed
