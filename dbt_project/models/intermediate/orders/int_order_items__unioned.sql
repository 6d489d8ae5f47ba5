select
    cast(null as varchar) as source,
    cast(null as varchar) as order_id,
    cast(null as varchar) as line_no,
    cast(null as varchar) as product_id,
    cast(null as decimal(18,3)) as quantity,
    cast(null as decimal(18,2)) as unit_price,
    cast(null as decimal(18,2)) as discount_amount,
    cast(null as decimal(18,2)) as net_amount

where 1 = 0
