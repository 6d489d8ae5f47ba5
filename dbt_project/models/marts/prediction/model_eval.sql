-- every model adds its grades to one table; this one is built after the last of them
-- depends_on: {{ source('analysis', 'customer_interest') }}
-- depends_on: {{ source('analysis', 'customer_clv') }}
-- depends_on: {{ source('analysis', 'review_sentiment') }}
-- depends_on: {{ source('analysis', 'customer_propensity') }}
-- depends_on: {{ source('analysis', 'customer_category_propensity') }}
-- depends_on: {{ source('analysis', 'segment_demand_forecast') }}
-- depends_on: {{ source('analysis', 'contact_prior') }}
-- depends_on: {{ source('analysis', 'customer_promotion_response') }}
-- depends_on: {{ source('analysis', 'customer_recommendation') }}
with

grades as (

    select * from {{ source('analysis', 'model_eval') }}

),

typed as (

    select
        model,
        metric,
        cast(as_of_date as date) as as_of_date,
        cast(model_value as double) as model_value,
        cast(baseline_value as double) as baseline_value,
        baseline_name,
        served,
        run_id

    from grades

)

select * from typed
