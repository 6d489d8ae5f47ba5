select
    cast(null as varchar) as source,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as source_customer_id,
    cast(null as timestamp) as touched_at,
    cast(null as varchar) as touch_type,
    cast(null as varchar) as arm,
    cast(null as varchar) as coupon_id

where 1 = 0
