with

tickets as (

    select * from {{ ref('int_pos__tickets') }} where is_return

),

refunds as (

    select
        refund_of_order_id as order_id,
        order_id as refund_id,
        sold_at as refunded_at,
        refund_amount,
        source_customer_id,
        'store' as channel,
        store_id

    from tickets

)

select * from refunds
