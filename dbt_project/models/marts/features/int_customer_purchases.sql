{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

days as (

    select * from {{ ref('int_customer_days') }}

),

numbered as (

    select
        days.customer_id,
        days.activity_date as purchase_date,
        {{ feature_date('days.activity_date') }} as feature_date,
        row_number() over customer_purchases as purchase_number,
        min(days.activity_date) over customer_purchases as first_purchase_date,
        lag(days.activity_date) over customer_purchases as previous_purchase_date

    from days

    cross join as_of

    where
        days.order_count > 0
        and days.activity_date <= as_of.as_of_date

    window customer_purchases as (partition by days.customer_id order by days.activity_date)

),

spaced as (

    select
        *,
        {{ days_between('previous_purchase_date', 'purchase_date') }} as gap_days,
        -- the purchase that a snapshot looks back on
        feature_date is distinct from lead(feature_date) over (
            partition by customer_id order by purchase_number
        ) as is_last_of_snapshot

    from numbered

)

select * from spaced
