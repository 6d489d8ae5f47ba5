select
    cast(null as varchar) as record_key,
    cast(null as varchar) as id_type,
    cast(null as varchar) as id_scope,
    cast(null as varchar) as id_value,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as last_seen_at

where 1 = 0
