{{ kept_except('int_identity__records_changed', {'source': "'tmall'", 'source_customer_id': 'source_customer_id'}) }}

with

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

orders as (

    -- orders placed after the evidence ends tell nothing yet
    select orders.*, cast(orders.ordered_at as string) || orders.order_id as order_key

    from {{ staged('tmall', 'orders') }} as orders

    cross join evidence

    where
        orders.ordered_at < evidence.until_at
        and {{ only_changed('int_identity__records_changed', {
            'source': "'tmall'", 'source_customer_id': 'buyer_ouid'
        }) }}

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

    {{ of_most_orders('orders', 'buyer_ouid', ['receiver_name']) }}

),

split_addresses as (

    -- the platform writes province, city, district and a starred street, blanks between them
    select
        buyer_ouid,
        ordered_at,
        split_part(receiver_address, ' ', 1) as province,
        split_part(receiver_address, ' ', 2) as city,
        split_part(receiver_address, ' ', 3) as district

    from orders

    where {{ matches('receiver_address', '^[^ *]+ [^ *]+ [^ *]+( |$)') }}

),

receiver_regions as (

    {{ of_most_orders('split_addresses', 'buyer_ouid', ['province', 'city', 'district']) }}

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

    left join receiver_regions
        on accounts.buyer_ouid = receiver_regions.buyer_ouid

)

select * from profiles
