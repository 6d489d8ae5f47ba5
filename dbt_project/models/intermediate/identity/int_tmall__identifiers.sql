with

orders as (

    select * from {{ staged('tmall', 'orders') }}

),

identifiers as (

    -- the receiver's phone is left out: it is masked, and it is the receiver's
    select
        buyer_ouid as source_customer_id,
        'phone' as id_type,
        '' as id_scope,
        alipay_phone as id_value,
        ordered_at as seen_at

    from orders

    union all

    select buyer_ouid, 'email', '', alipay_email, ordered_at from orders

    union all

    -- orders that do not name their shop get its scope later (int_identity__shop_scopes)
    select buyer_ouid, 'tmall_ouid', coalesce(shop_id, ''), buyer_ouid, ordered_at from orders

)

select * from identifiers where id_value is not null
