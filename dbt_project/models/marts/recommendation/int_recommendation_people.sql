{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whom recommendations are made for: everybody on the run's day; on the days that are learnt from, customers who did
    something before and bought something in the 30 days after, at most sample_size of them, picked by a hash of the id.
#}
{%- set sample_size = 3000 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

signs as (

    select * from {{ ref('int_product_signs') }}

),

everybody as (

    select snapshots.customer_id, snapshots.as_of_date

    from {{ ref('int_customer_feature_dates') }} as snapshots

    inner join dates
        on snapshots.as_of_date = dates.as_of_date

    where not dates.is_graded

),

buyers_after as (

    select distinct signs.customer_id, dates.as_of_date

    from signs

    inner join dates
        on signs.sign_date > dates.as_of_date
        and signs.sign_date <= dates.label_until_date

    where dates.is_graded and signs.order_count > 0

),

first_signs as (

    select customer_id, min(sign_date) as first_sign_date from signs group by customer_id

),

numbered as (

    select
        buyers_after.customer_id,
        buyers_after.as_of_date,
        row_number() over (
            partition by buyers_after.as_of_date
            order by {{ sha256_hex('buyers_after.customer_id') }}, buyers_after.customer_id
        ) as place

    from buyers_after

    inner join first_signs
        on buyers_after.customer_id = first_signs.customer_id

    where first_signs.first_sign_date <= buyers_after.as_of_date

),

people as (

    select customer_id, as_of_date from everybody

    union all

    select customer_id, as_of_date from numbered where place <= {{ sample_size }}

),

purchases as (

    select
        people.customer_id,
        people.as_of_date,
        count(distinct signs.sign_date) as order_day_count,
        min(signs.sign_date) as first_order_date,
        max(signs.sign_date) as last_order_date

    from people

    inner join signs
        on people.customer_id = signs.customer_id
        and signs.sign_date <= people.as_of_date

    where signs.order_count > 0

    group by people.customer_id, people.as_of_date

),

described as (

    select
        people.customer_id,
        people.as_of_date,
        dates.is_graded,
        coalesce(purchases.order_day_count, 0) as order_day_count,
        {{ days_between('purchases.last_order_date', 'people.as_of_date') }} as days_since_last_order,
        cast({{ days_between('purchases.first_order_date', 'purchases.last_order_date') }} as double)
        / nullif(purchases.order_day_count - 1, 0) as mean_gap_days,
        cast(row_number() over (order by people.as_of_date, people.customer_id) as integer) as person

    from people

    inner join dates
        on people.as_of_date = dates.as_of_date

    left join purchases
        on people.customer_id = purchases.customer_id
        and people.as_of_date = purchases.as_of_date

)

select * from described
