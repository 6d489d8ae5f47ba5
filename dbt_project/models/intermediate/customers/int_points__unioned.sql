select
    cast(null as varchar) as source,
    cast(null as varchar) as entry_id,
    cast(null as varchar) as source_customer_id,
    cast(null as varchar) as entry_type,
    cast(null as integer) as points,
    cast(null as timestamp) as changed_at

where 1 = 0
