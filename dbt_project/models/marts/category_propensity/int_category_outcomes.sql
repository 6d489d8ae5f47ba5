{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What the sampled customers bought within horizon_days after each month-end whose window has been observed whole:
    until the last day that has an order. has_met says whether they had bought from the category or looked at it
    within the year before.
#}
{%- set horizon_days = 30 -%}

with

acts as (

    select * from {{ ref('int_customer_category_days') }}

),

observed as (

    select max(activity_date) as last_date from acts where bought_count > 0

),

asked as (

    select int_category_asked.customer_id, int_category_asked.as_of_date

    from {{ ref('int_category_asked') }} as int_category_asked

    cross join observed

    where
        int_category_asked.is_sampled
        and int_category_asked.as_of_date = {{ dbt.last_day('int_category_asked.as_of_date', 'month') }}
        and {{ add_days('int_category_asked.as_of_date', horizon_days) }} <= observed.last_date

),

bought as (

    select asked.as_of_date, asked.customer_id, acts.category

    from asked

    inner join acts
        on asked.customer_id = acts.customer_id
        and acts.activity_date > asked.as_of_date
        and acts.activity_date <= {{ add_days('asked.as_of_date', horizon_days) }}

    where acts.bought_count > 0

    group by asked.as_of_date, asked.customer_id, acts.category

),

outcomes as (

    -- customers who bought nothing have one row without category
    select
        asked.as_of_date,
        asked.customer_id,
        bought.category,
        pairs.category is not null as has_met

    from asked

    left join bought
        on asked.customer_id = bought.customer_id
        and asked.as_of_date = bought.as_of_date

    left join {{ ref('int_category_pairs') }} as pairs
        on bought.customer_id = pairs.customer_id
        and bought.as_of_date = pairs.as_of_date
        and bought.category = pairs.category

)

select * from outcomes
