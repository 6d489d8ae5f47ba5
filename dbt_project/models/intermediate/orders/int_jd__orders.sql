with

orders as (

    select * from {{ staged('jd', 'orders') }}

),

summed as (

    select
        *,
        coalesce(goods_amount, 0) + coalesce(freight_amount, 0) as listed_amount,
        greatest(coalesce(goods_amount - settlement_amount, 0), 0) as shop_discount_amount,
        -- the balance is money, too, and no part of the amount due
        coalesce(payable_amount, 0) + coalesce(balance_amount, 0) as due_amount

    from orders

),

stated as (

    -- what neither the shop took off nor the buyer owes is covered by coupons
    select
        order_id,
        buyer_id as source_customer_id,
        ordered_at,
        paid_at,
        status,
        listed_amount,
        shop_discount_amount as discount_amount,
        greatest(listed_amount - shop_discount_amount - due_amount, 0) as coupon_amount,
        case when is_paid then due_amount else 0 end as paid_amount

    from summed

),

balanced as (

    {{ balanced_orders('stated', 'jd') }}

)

select * from balanced
