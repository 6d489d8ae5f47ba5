{# A view: checks are still being written while dbt is done, and publishing reads it last. #}
{{ config(materialized='view') }}

with

results as (

    select * from {{ source('ops', 'dq_result') }}

),

typed as (

    select
        run_id,
        check_name,
        severity,
        cast(value as double) as value,
        passed,
        nullif(description, '') as description

    from results

)

select * from typed
