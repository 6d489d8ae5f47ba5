select
    cast(null as varchar) as record_key,
    cast(null as varchar) as source,
    cast(null as varchar) as source_customer_id,
    cast(null as varchar) as full_name,
    cast(null as varchar) as gender,
    cast(null as date) as birth_date,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as last_seen_at

where 1 = 0
