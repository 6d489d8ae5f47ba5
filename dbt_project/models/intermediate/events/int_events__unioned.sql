select
    cast(null as varchar) as source,
    cast(null as varchar) as event_id,
    cast(null as varchar) as event_type,
    cast(null as timestamp) as occurred_at,
    cast(null as varchar) as source_customer_id,
    cast(null as varchar) as device_id,
    cast(null as varchar) as product_id,
    cast(null as varchar) as category,
    cast(null as varchar) as search_query,
    cast(null as double) as duration_seconds,
    cast(null as varchar) as session_id,
    cast(null as varchar) as channel

where 1 = 0
