with

orders as (

    select * from {{ staged('tmall', 'orders') }}

),

scope as (

    select case when count(distinct shop_id) = 1 then min(shop_id) else 'tmall' end as id_scope

    from orders

)

select * from scope
