{{ kept_except('int_records__changed', {'source': "'tmall'", 'source_customer_id': 'source_customer_id'}) }}

with

orders as (

    select *, cast(ordered_at as string) || order_id as order_key

    from {{ staged('tmall', 'orders') }}

    where {{ only_changed('int_records__changed', {'source': "'tmall'", 'source_customer_id': 'buyer_ouid'}) }}

),

accounts as (

    select
        buyer_ouid,
        max_by(alipay_phone, order_key) filter (where alipay_phone is not null) as phone,
        max_by(alipay_email, order_key) filter (where alipay_email is not null) as email,
        max(coalesce(modified_at, ordered_at)) as updated_at

    from orders

    group by buyer_ouid

),

receiver_names as (

    -- gifts go to others, so the buyer is whoever receives most of the parcels
    select
        buyer_ouid,
        receiver_name,
        row_number() over (
            partition by buyer_ouid order by count(*) desc, max(ordered_at) desc, receiver_name
        ) as preference

    from orders

    where receiver_name is not null

    group by buyer_ouid, receiver_name

),

receiver_regions as (

    -- the platform writes province, city, district and a starred street, blanks between them
    select
        buyer_ouid,
        split_part(receiver_address, ' ', 1) as province,
        split_part(receiver_address, ' ', 2) as city,
        split_part(receiver_address, ' ', 3) as district,
        row_number() over (
            partition by buyer_ouid
            order by
                count(*) desc,
                max(ordered_at) desc,
                split_part(receiver_address, ' ', 1),
                split_part(receiver_address, ' ', 2),
                split_part(receiver_address, ' ', 3)
        ) as preference

    from orders

    where {{ matches('receiver_address', '^[^ *]+ [^ *]+ [^ *]+( |$)') }}

    group by
        buyer_ouid,
        split_part(receiver_address, ' ', 1),
        split_part(receiver_address, ' ', 2),
        split_part(receiver_address, ' ', 3)

),

profiles as (

    -- one row per buyer on all sides
    select
        accounts.buyer_ouid as source_customer_id,
        receiver_names.receiver_name as full_name,
        accounts.phone,
        accounts.email,
        accounts.buyer_ouid as tmall_ouid,
        receiver_regions.province,
        receiver_regions.city,
        receiver_regions.district,
        accounts.updated_at

    from accounts

    left join receiver_names
        on accounts.buyer_ouid = receiver_names.buyer_ouid
        and receiver_names.preference = 1

    left join receiver_regions
        on accounts.buyer_ouid = receiver_regions.buyer_ouid
        and receiver_regions.preference = 1

)

select * from profiles
