select
    cast(null as varchar) as source,
    cast(null as varchar) as feed,
    cast(null as integer) as file_id,
    cast(null as varchar) as file_name,
    cast(null as bigint) as row_number,
    cast(null as varchar) as rule,
    cast(null as varchar) as detail,
    cast(null as varchar) as raw_text,
    cast(null as varchar) as masked_text,
    cast(null as varchar) as run_id

where 1 = 0
