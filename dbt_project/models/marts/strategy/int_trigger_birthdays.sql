{#
    Birthdays of this year and the last. The episode is the month, so that no table that leaves the house states a birthday.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

customers as (

    select * from {{ ref('int_contact__reachable') }}

),

years as (

    -- a birthday at the end of December may still be greeted in January
    select extract(year from as_of_date) as year from as_of

    union all

    select extract(year from as_of_date) - 1 as year from as_of

),

birthdays as (

    -- adding years to 29 February gives 28 February in a common year
    select
        customers.customer_id,
        cast(years.year as string) as episode_key,
        cast(
            {{ dbt.dateadd(
                'year', 'cast(years.year - extract(year from customers.birth_date) as integer)', 'customers.birth_date'
            ) }} as date
        ) as due_on

    from customers

    cross join years

    where customers.birth_date is not null

)

select
    'birthday' as trigger_code,
    customer_id,
    episode_key,
    cast(date_trunc('month', due_on) as date) as episode_started_on,
    cast({{ dbt.last_day('due_on', 'month') }} as date) as episode_ends_on,
    due_on,
    '生日就在这几天' as reason_zh,
    'Has a birthday these days' as reason_en,
    cast(null as string) as product_id

from birthdays
