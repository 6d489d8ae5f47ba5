{# A view: steps are still being logged while dbt is done, and publishing reads it last. #}
{{ config(materialized='view') }}

with

steps as (

    select * from {{ source('ops', 'run_log') }}

),

typed as (

    select
        run_id,
        step,
        cast(started_at as timestamp) as started_at,
        cast(seconds as double) as seconds,
        cast(steps.rows as bigint) as rows,
        cast(peak_memory_mb as double) as peak_memory_mb,
        kind

    from steps

)

select * from typed
