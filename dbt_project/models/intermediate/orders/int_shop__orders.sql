with

orders as (

    select * from {{ staged('shop', 'orders') }}

),

stated as (

    select
        order_id,
        source_customer_id,
        ordered_at,
        paid_at,
        status,
        coalesce(goods_amount, 0) + coalesce(shipping_amount, 0) as listed_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(coupon_amount, 0) as coupon_amount,
        coalesce(paid_amount, 0) as paid_amount

    from orders

),

balanced as (

    {{ balanced_orders('stated', 'shop') }}

)

select * from balanced
