{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Customers and the categories that they bought from or looked at within a year before the day, and what that
    looked like. Only facts until the day count. Popularity is the same for all pairs of a category on a day.
#}
{%- set memory_days, popularity_days = 365, 90 -%}
{%- set windows = {'bought_count': [30, 90, 365], 'met_count': [30, 90, 365], 'carted_count': [30]} -%}

with

asked as (

    select * from {{ ref('int_category_asked') }}

),

days as (

    select distinct as_of_date from asked

),

acts as (

    select * from {{ ref('int_customer_category_days') }}

),

summed as (

    select
        asked.as_of_date,
        asked.customer_id,
        acts.category,
        {%- for measure, lengths in windows.items() %}
        {%- for length in lengths %}
        cast(sum(
            case when acts.activity_date > {{ add_days('asked.as_of_date', -length) }} then acts.{{ measure }} else 0 end
        ) as bigint) as {{ measure }}_{{ length }}d,
        {%- endfor %}
        {%- endfor %}
        min(case when acts.bought_count > 0 then acts.activity_date end) as first_bought_date,
        max(case when acts.bought_count > 0 then acts.activity_date end) as last_bought_date,
        count(case when acts.bought_count > 0 then 1 end) as bought_day_count,
        max(case when acts.met_count > 0 then acts.activity_date end) as last_met_date

    from asked

    inner join acts
        on asked.customer_id = acts.customer_id
        and acts.activity_date <= asked.as_of_date
        and acts.activity_date > {{ add_days('asked.as_of_date', -memory_days) }}

    group by asked.as_of_date, asked.customer_id, acts.category

),

customer_counts as (

    select days.as_of_date, count(*) as customer_count

    from {{ ref('customer_features') }} as customer_features

    inner join days
        on customer_features.as_of_date = days.as_of_date

    group by days.as_of_date

),

buyer_counts as (

    select days.as_of_date, acts.category, count(distinct acts.customer_id) as buyer_count

    from acts

    inner join days
        on acts.activity_date <= days.as_of_date
        and acts.activity_date > {{ add_days('days.as_of_date', -popularity_days) }}

    where acts.bought_count > 0

    group by days.as_of_date, acts.category

),

popularity as (

    select
        buyer_counts.as_of_date,
        buyer_counts.category,
        cast(buyer_counts.buyer_count as double) / customer_counts.customer_count as buyer_share_90d

    from buyer_counts

    inner join customer_counts
        on buyer_counts.as_of_date = customer_counts.as_of_date

),

pairs as (

    -- at most one popularity per category and day
    select
        summed.as_of_date,
        summed.customer_id,
        summed.category,
        {%- for measure, lengths in windows.items() %}
        {%- for length in lengths %}
        summed.{{ measure }}_{{ length }}d,
        {%- endfor %}
        {%- endfor %}
        {{ days_between('summed.last_bought_date', 'summed.as_of_date') }} as days_since_bought,
        {{ days_between('summed.last_met_date', 'summed.as_of_date') }} as days_since_met,
        cast({{ days_between('summed.last_bought_date', 'summed.as_of_date') }} as double)
        / greatest(
            cast({{ days_between('summed.first_bought_date', 'summed.last_bought_date') }} as double)
            / nullif(summed.bought_day_count - 1, 0),
            1
        ) as category_silence_ratio,
        cast(summed.bought_count_365d as double)
        / nullif(
            sum(summed.bought_count_365d) over (partition by summed.as_of_date, summed.customer_id), 0
        ) as bought_share_365d,
        cast(summed.met_count_90d as double)
        / nullif(sum(summed.met_count_90d) over (partition by summed.as_of_date, summed.customer_id), 0)
            as met_share_90d,
        coalesce(popularity.buyer_share_90d, 0) as buyer_share_90d

    from summed

    left join popularity
        on summed.category = popularity.category
        and summed.as_of_date = popularity.as_of_date

)

select * from pairs
