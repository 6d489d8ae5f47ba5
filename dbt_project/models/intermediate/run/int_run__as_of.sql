{{ config(materialized='table') }}

with

run_context as (

    select * from {{ source('ops', 'run_context') }}

),

landing_files as (

    select * from {{ source('raw', 'landing_file') }}

),

orders as (

    select * from {{ ref('int_orders__unioned') }}

),

events as (

    select * from {{ ref('int_events__unioned') }}

),

fact_times as (

    select ordered_at as happened_at from orders

    union all

    select occurred_at as happened_at from events

),

last_load as (

    -- facts dated after the day that follows the last load are typing errors or clocks that run ahead
    select
        max(loaded_at) as loaded_at,
        {{ local_to_utc(add_days(business_date('max(loaded_at)'), 2)) }} as credible_until

    from landing_files

),

newest_facts as (

    select
        max(case when fact_times.happened_at < last_load.credible_until then fact_times.happened_at end)
            as newest_credible_at,
        max(fact_times.happened_at) as newest_at

    from fact_times

    cross join last_load

),

chosen as (

    select
        run_context.run_id,
        coalesce(
            run_context.requested_as_of_date,
            {{ business_date('newest_facts.newest_credible_at') }},
            {{ business_date('newest_facts.newest_at') }},
            {{ business_date('last_load.loaded_at') }},
            {{ business_date('run_context.started_at') }}
        ) as as_of_date,
        run_context.churn_horizon_days,
        run_context.timezone,
        run_context.currency

    from run_context

    -- one row on every side
    cross join newest_facts

    cross join last_load

),

closed as (

    select
        run_id,
        as_of_date,
        {{ local_to_utc(add_days('as_of_date', 1)) }} as as_of_end_at,
        churn_horizon_days,
        timezone,
        currency

    from chosen

)

select * from closed
