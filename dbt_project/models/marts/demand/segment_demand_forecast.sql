with

forecasts as (

    select * from {{ source('analysis', 'segment_demand_forecast') }}

),

typed as (

    select
        'rfm_group' as segment_kind,
        segment,
        category,
        cast(week as date) as week,
        level,
        cast(horizon_week as integer) as horizon_week,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(low as decimal(18, 3)) as low,
        cast(high as decimal(18, 3)) as high,
        cast(as_of_date as date) as as_of_date,
        model_version,
        served_by

    from forecasts

)

select * from typed
