with

scores as (

    select * from {{ source('analysis', 'customer_churn_score') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        cast(churn_probability as double) as churn_probability,
        cast(horizon_days as integer) as horizon_days,
        risk_band,
        reason_1,
        reason_2,
        reason_3,
        reason_1_zh,
        reason_2_zh,
        reason_3_zh,
        model_version,
        served_by

    from scores

)

select * from typed
