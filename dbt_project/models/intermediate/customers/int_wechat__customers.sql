{{ kept_except('int_identity__records_changed', {'source': "'wechat'", 'source_customer_id': 'source_customer_id'}) }}

with

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

orders as (

    -- what happened after the evidence ends tells nothing yet
    select orders.*

    from {{ staged('wechat', 'orders') }} as orders

    cross join evidence

    where
        orders.ordered_at < evidence.until_at
        and {{ only_changed('int_identity__records_changed', {
            'source': "'wechat'", 'source_customer_id': 'wechat_user_id'
        }) }}

),

mini_program_users as (

    select *

    from {{ ref('stg_wechat__mini_program_users') }}

    where
        _verdict <> 'rejected'
        and {{ only_changed('int_identity__records_changed', {
            'source': "'wechat'", 'source_customer_id': 'wechat_user_id'
        }) }}

),

known_users as (

    -- the newest version known by then
    select
        mini_program_users.*,
        row_number() over (
            partition by wechat_user_id
            order by updated_at desc nulls last, _load_number desc, _row_hash, _file_id, _row_number
        ) as version

    from mini_program_users

    cross join evidence

    where coalesce(updated_at, registered_at, timestamp '1900-01-01 00:00:00') < evidence.until_at

),

buyers as (

    select
        wechat_user_id,
        max(wechat_unionid) as wechat_unionid,
        max(coalesce(updated_at, ordered_at)) as updated_at

    from orders

    group by wechat_user_id

),

receiver_names as (

    {{ of_most_orders('orders', 'wechat_user_id', ['receiver_name']) }}

),

receiver_addresses as (

    {{ of_most_orders('orders', 'wechat_user_id', ['address', 'province', 'city', 'district']) }}

),

users as (

    select wechat_user_id from buyers

    union

    select wechat_user_id from known_users

),

profiles as (

    -- one row per user on all sides
    select
        users.wechat_user_id as source_customer_id,
        receiver_names.receiver_name as full_name,
        known_users.phone,
        known_users.bound_member_no as member_no,
        coalesce(known_users.wechat_unionid, buyers.wechat_unionid) as wechat_unionid,
        receiver_addresses.province,
        receiver_addresses.city,
        receiver_addresses.district,
        receiver_addresses.address,
        known_users.registered_at,
        greatest(known_users.updated_at, buyers.updated_at) as updated_at

    from users

    left join known_users
        on users.wechat_user_id = known_users.wechat_user_id
        and known_users.version = 1

    left join buyers
        on users.wechat_user_id = buyers.wechat_user_id

    left join receiver_names
        on users.wechat_user_id = receiver_names.wechat_user_id

    left join receiver_addresses
        on users.wechat_user_id = receiver_addresses.wechat_user_id

)

select * from profiles
