{{ kept_per_customer() }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

days as (

    select * from {{ ref('int_customer_days') }} where {{ only_changed_customers() }}

),

numbered as (

    select
        days.customer_id,
        days.activity_date as purchase_date,
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
        -- the purchase that its month's snapshot looks back on
        date_trunc('month', purchase_date) is distinct from lead(date_trunc('month', purchase_date)) over (
            partition by customer_id order by purchase_number
        ) as is_last_of_month

    from numbered

)

select * from spaced
