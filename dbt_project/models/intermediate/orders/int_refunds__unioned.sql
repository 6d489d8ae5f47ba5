{{ config(materialized='table') }}

with

tmall_refunds as (

    select * from {{ staged('tmall', 'refunds') }} where is_settled

),

tickets as (

    select * from {{ ref('int_pos__tickets') }} where is_return

),

standard_orders as (

    select * from {{ ref('int_standard__orders') }} where refund_amount <> 0

),

unioned as (

    select
        'tmall' as source,
        order_id,
        refund_id,
        completed_at as refunded_at,
        refund_amount

    from tmall_refunds

    union all

    select
        'pos' as source,
        refund_of_order_id as order_id,
        order_id as refund_id,
        sold_at as refunded_at,
        refund_amount

    from tickets

    union all

    -- the extract does not say when money went back
    select
        'standard' as source,
        order_id,
        order_id as refund_id,
        ordered_at as refunded_at,
        refund_amount

    from standard_orders

)

select * from unioned
