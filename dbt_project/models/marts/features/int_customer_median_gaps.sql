{{ kept_per_customer() }}

with

purchases as (

    select * from {{ ref('int_customer_purchases') }} where {{ only_changed_customers() }}

),

medians as (

    -- a snapshot looks back on every gap until its last purchase; other purchases need no median, which
    -- keeps this join at snapshots times gaps of one customer
    select
        latest.customer_id,
        latest.purchase_number,
        cast(median(earlier.gap_days) as double) as median_gap_days

    from purchases as latest

    inner join purchases as earlier
        on latest.customer_id = earlier.customer_id
        and latest.purchase_number >= earlier.purchase_number

    where
        latest.is_last_of_month
        and latest.purchase_number > 1
        and earlier.purchase_number > 1

    group by latest.customer_id, latest.purchase_number

)

select * from medians
