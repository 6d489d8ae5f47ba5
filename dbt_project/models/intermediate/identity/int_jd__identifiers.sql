with

orders as (

    select * from {{ staged('jd', 'orders') }}

),

identifiers as (

    -- the receiver's phone is left out: it is hidden, and it is the receiver's; orders that do not name their shop
    -- get its scope later (int_identity__shop_scopes)
    select
        buyer_id as source_customer_id,
        'jd_open_id' as id_type,
        coalesce(shop_id, '') as id_scope,
        buyer_id as id_value,
        ordered_at as seen_at

    from orders

)

select * from identifiers
