{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# A customer's orders until as_of_date as a whole; the money is that of int_customer_channel_months. #}

with

channel_months as (

    select * from {{ ref('int_customer_channel_months') }}

),

totals as (

    select
        customer_id,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_spend,
        sum(refunded_amount) as refunded_amount,
        sum(net_spend) as net_spend,
        min(first_order_at) as first_order_at,
        max(last_order_at) as last_order_at

    from channel_months

    group by customer_id

)

select * from totals
