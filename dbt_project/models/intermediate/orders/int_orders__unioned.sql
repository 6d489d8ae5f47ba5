select
    cast(null as varchar) as source,
    cast(null as varchar) as order_id,
    cast(null as varchar) as source_customer_id,
    cast(null as varchar) as channel,
    cast(null as varchar) as store_id,
    cast(null as varchar) as status,
    cast(null as timestamp) as ordered_at,
    cast(null as decimal(18,2)) as gross_amount,
    cast(null as decimal(18,2)) as discount_amount,
    cast(null as decimal(18,2)) as coupon_amount,
    cast(null as decimal(18,2)) as paid_amount,
    cast(null as decimal(18,2)) as refund_amount,
    cast(null as decimal(18,2)) as net_amount,
    cast(null as boolean) as is_valid

where 1 = 0
