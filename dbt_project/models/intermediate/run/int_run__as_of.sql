select
    cast(null as varchar) as run_id,
    cast(null as date) as as_of_date,
    cast(null as timestamp) as as_of_end_at,
    cast(null as integer) as churn_horizon_days,
    cast(null as varchar) as timezone,
    cast(null as varchar) as currency

where 1 = 0
