select
    cast(null as varchar) as source,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as campaign_name,
    cast(null as varchar) as campaign_type,
    cast(null as varchar) as channel,
    cast(null as date) as starts_on,
    cast(null as date) as ends_on

where 1 = 0
