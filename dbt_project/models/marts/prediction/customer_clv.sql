with

outlooks as (

    select * from {{ source('analysis', 'customer_clv') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        cast(probability_alive as double) as probability_alive,
        cast(expected_orders_12m as double) as expected_orders_12m,
        cast(expected_order_value as decimal(18, 2)) as expected_order_value,
        cast(clv_12m as decimal(18, 2)) as clv_12m,
        cast(clv_low as decimal(18, 2)) as clv_low,
        cast(clv_high as decimal(18, 2)) as clv_high,
        model_version,
        served_by

    from outlooks

)

select * from typed
