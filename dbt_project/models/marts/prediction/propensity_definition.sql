with

definitions as (

    select * from {{ source('analysis', 'propensity_definition') }}

),

typed as (

    select
        propensity,
        label_en,
        label_zh,
        fact,
        condition,
        eligible,
        cast(window_days as integer) as window_days,
        cast(as_of_date as date) as as_of_date,
        model_version,
        served_by,
        baseline_name,
        cast(training_rows as bigint) as training_rows,
        cast(outcome_rate as double) as outcome_rate

    from definitions

)

select * from typed
