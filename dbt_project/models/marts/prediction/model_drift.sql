-- every model adds to one table; this one is built after the last of them
-- depends_on: {{ source('analysis', 'customer_clv') }}
-- depends_on: {{ source('analysis', 'customer_propensity') }}
-- depends_on: {{ source('analysis', 'customer_category_propensity') }}
with

drift as (

    select * from {{ source('analysis', 'model_drift') }}

),

typed as (

    select
        model,
        feature,
        cast(as_of_date as date) as as_of_date,
        cast(reference_date as date) as reference_date,
        cast(psi as double) as psi,
        level,
        run_id

    from drift

)

select * from typed
