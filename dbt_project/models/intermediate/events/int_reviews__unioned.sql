select
    cast(null as varchar) as source,
    cast(null as varchar) as review_id,
    cast(null as timestamp) as reviewed_at,
    cast(null as varchar) as source_customer_id,
    cast(null as varchar) as product_id,
    cast(null as varchar) as order_id,
    cast(null as double) as rating,
    cast(null as varchar) as review_text

where 1 = 0
