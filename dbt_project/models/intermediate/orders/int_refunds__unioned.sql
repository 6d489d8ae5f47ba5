select
    cast(null as varchar) as source,
    cast(null as varchar) as order_id,
    cast(null as varchar) as refund_id,
    cast(null as timestamp) as refunded_at,
    cast(null as decimal(18,2)) as refund_amount

where 1 = 0
