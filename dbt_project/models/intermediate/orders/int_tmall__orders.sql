with

orders as (

    select * from {{ staged('tmall', 'orders') }}

),

amounts as (

    select
        order_id,
        buyer_ouid as source_customer_id,
        ordered_at,
        status as landed_status,
        coalesce(goods_amount, 0) + coalesce(postage_amount, 0) as listed_amount,
        coalesce(discount_amount, 0) as landed_discount_amount,
        coalesce(coupon_amount, 0) as coupon_amount,
        coalesce(paid_amount, 0) as paid_amount,
        -- money decides, not the text: an order closed after payment was paid and is refunded by refund rows;
        -- coupons can pay an order in full
        coalesce(paid_amount, 0) > 0
        or (paid_at is not null and coalesce(status, 'paid') not in ('pending', 'cancelled')) as is_paid

    from orders

),

balanced as (

    select
        order_id,
        source_customer_id,
        'tmall' as channel,
        case
            when is_paid then 'paid'
            when landed_status = 'cancelled' then 'cancelled'
            else 'pending'
        end as status,
        ordered_at,
        cast(
            case when is_paid then greatest(listed_amount, paid_amount + coupon_amount) else listed_amount end
            as decimal(18, 2)
        ) as gross_amount,
        -- whatever was taken off and is no coupon, the platform's own subsidies included
        cast(
            case
                when is_paid then greatest(listed_amount, paid_amount + coupon_amount) - coupon_amount - paid_amount
                else landed_discount_amount
            end as decimal(18, 2)
        ) as discount_amount,
        cast(coupon_amount as decimal(18, 2)) as coupon_amount,
        cast(paid_amount as decimal(18, 2)) as paid_amount,
        is_paid

    from amounts

)

select * from balanced
