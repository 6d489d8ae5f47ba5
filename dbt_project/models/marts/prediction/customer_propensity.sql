with

scores as (

    select * from {{ source('analysis', 'customer_propensity') }}

),

typed as (

    select
        customer_id,
        propensity,
        cast(as_of_date as date) as as_of_date,
        cast(probability as double) as probability,
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
