with

orders as (

    select * from {{ staged('shop', 'orders') }}

),

identifiers as (

    -- what the buyer typed at the checkout; the receiver's phone may be somebody else's
    select
        source_customer_id,
        'phone' as id_type,
        '' as id_scope,
        contact_phone as id_value,
        ordered_at as seen_at

    from orders

    union all

    select source_customer_id, 'email', '', contact_email, ordered_at from orders

)

select * from identifiers where id_value is not null
