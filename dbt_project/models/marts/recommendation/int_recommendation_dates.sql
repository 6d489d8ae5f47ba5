{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The days that recommendations are computed for: the run's own, and the newest month-ends whose next 30 days are
    over, from which the blend of signals is learnt and graded. A month-end comes into question once there are two
    months of orders to recommend from.
#}
{%- set graded_dates, months_looked_at, label_days, history_days = 5, 12, 30, 60 %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

months_back as (

    select cast(months as integer) as months

    from (
        values {% for months in range(1, months_looked_at + 1) %}({{ months }}){{ ', ' if not loop.last }}{% endfor %}
    ) as numbers (months)

),

earliest as (

    select min(orders.order_date) as first_order_date from {{ ref('orders') }} as orders where orders.is_valid

),

month_ends as (

    select
        as_of.as_of_date as current_date_of_run,
        cast(
            {{ dbt.last_day(dbt.dateadd('month', '-months_back.months', 'as_of.as_of_date'), 'month') }}
            as date
        ) as month_end_date

    from as_of

    cross join months_back

),

newest_closed as (

    select
        month_ends.month_end_date,
        row_number() over (order by month_ends.month_end_date desc) as age_rank

    from month_ends

    cross join earliest

    where
        {{ add_days('month_ends.month_end_date', label_days) }} <= month_ends.current_date_of_run
        and {{ add_days('earliest.first_order_date', history_days) }} <= month_ends.month_end_date

),

chosen as (

    select month_end_date as as_of_date, true as is_graded from newest_closed where age_rank <= {{ graded_dates }}

    union all

    select as_of_date, false as is_graded from as_of

),

spans as (

    -- facts after the date before and until this one come into sight on this one
    select
        as_of_date,
        is_graded,
        lag(as_of_date) over (order by as_of_date) as previous_date,
        {{ add_days('as_of_date', label_days) }} as label_until_date

    from chosen

)

select * from spans
