select
    cast(null as varchar) as source,
    cast(null as varchar) as product_id,
    cast(null as varchar) as product_name,
    cast(null as varchar) as category_l1,
    cast(null as varchar) as category_l2,
    cast(null as varchar) as category_l3,
    cast(null as varchar) as brand,
    cast(null as decimal(18,2)) as list_price,
    cast(null as decimal(18,3)) as stock_quantity

where 1 = 0
