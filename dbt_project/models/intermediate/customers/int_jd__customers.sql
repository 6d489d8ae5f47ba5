{{ kept_except('int_identity__records_changed', {'source': "'jd'", 'source_customer_id': 'source_customer_id'}) }}

with

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

orders as (

    -- orders placed after the evidence ends tell nothing yet
    select orders.*

    from {{ staged('jd', 'orders') }} as orders

    cross join evidence

    where
        orders.ordered_at < evidence.until_at
        and {{ only_changed('int_identity__records_changed', {
            'source': "'jd'", 'source_customer_id': 'buyer_id'
        }) }}

),

buyers as (

    select
        buyer_id,
        max(coalesce(modified_at, ordered_at)) as updated_at

    from orders

    group by buyer_id

),

receiver_names as (

    {{ of_most_orders('orders', 'buyer_id', ['receiver_name']) }}

),

receiver_addresses as (

    -- starred streets still name the place, but a readable address tells more
    {{ of_most_orders(
        'orders', 'buyer_id', ['receiver_address'],
        preferred='case when ' ~ is_masked('receiver_address') ~ ' then 1 else 0 end'
    ) }}

),

split_addresses as (

    select
        buyer_id,
        receiver_address,
        {{ address_part('receiver_address', 'province') }} as province,
        {{ address_part('receiver_address', 'city') }} as city,
        {{ address_part('receiver_address', 'district') }} as district

    from receiver_addresses

),

profiles as (

    -- one row per buyer on all sides
    select
        buyers.buyer_id as source_customer_id,
        receiver_names.receiver_name as full_name,
        buyers.buyer_id as jd_open_id,
        split_addresses.province,
        -- municipalities are province and city in one
        coalesce(
            split_addresses.city,
            case
                when split_addresses.province in ('北京', '上海', '天津', '重庆')
                    then split_addresses.province || '市'
            end
        ) as city,
        split_addresses.district,
        case
            when not {{ is_masked('split_addresses.receiver_address') }}
                then {{ address_part('split_addresses.receiver_address', 'street') }}
        end as address,
        buyers.updated_at

    from buyers

    left join receiver_names
        on buyers.buyer_id = receiver_names.buyer_id

    left join split_addresses
        on buyers.buyer_id = split_addresses.buyer_id

)

select * from profiles
