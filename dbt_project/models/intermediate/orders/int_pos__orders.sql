with

tickets as (

    select * from {{ ref('int_pos__tickets') }} where not is_return

),

orders as (

    select
        order_id,
        source_customer_id,
        'store' as channel,
        store_id,
        'paid' as status,
        sold_at as ordered_at,
        gross_amount,
        cast(gross_amount - paid_amount as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as coupon_amount,
        paid_amount,
        true as is_paid

    from tickets

)

select * from orders
