{#
    Birthdays around this day. A greeting is due on the day before, since what a run decides goes out on the next. The
    episode is the month, so that no table that leaves the house states a birthday.
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

    -- one at the end of December may still be greeted in January, and one of January is due in December
    {%- for shift in [-1, 0, 1] %}
    select extract(year from as_of_date) + {{ shift }} as year from as_of
    {{ 'union all' if not loop.last }}
    {%- endfor %}

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
        ) as birthday

    from customers

    cross join years

    where customers.birth_date is not null

)

select
    'birthday' as trigger_code,
    customer_id,
    episode_key,
    cast(date_trunc('month', birthday) as date) as episode_started_on,
    cast({{ dbt.last_day('birthday', 'month') }} as date) as episode_ends_on,
    {{ add_days('birthday', -1) }} as due_on,
    '生日就在这几天' as reason_zh,
    'Has a birthday these days' as reason_en,
    cast(null as string) as product_id

from birthdays
