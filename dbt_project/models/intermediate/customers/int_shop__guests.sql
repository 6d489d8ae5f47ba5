with

orders as (

    select * from {{ staged('shop', 'orders') }} where is_guest

),

guests as (

    -- most guests order for themselves, so the receiver is the best guess of their name and address
    select
        source_customer_id,
        receiver_name as full_name,
        contact_phone as phone,
        contact_email as email,
        province,
        city,
        district,
        address,
        postcode,
        ordered_at as updated_at

    from orders

)

select * from guests
