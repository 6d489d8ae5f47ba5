with

users as (

    select * from {{ known_version('app', 'users', 'user_id') }}

),

user_devices as (

    select
        source_customer_id,
        device_id,
        row_number() over (
            partition by source_customer_id order by last_seen_at desc, first_seen_at, device_id
        ) as preference

    from {{ ref('int_events__devices') }}

    where source = 'app'

),

profiles as (

    -- at most one device per user; the nickname is no name
    select
        coalesce(users.user_id, user_devices.source_customer_id) as source_customer_id,
        users.gender,
        users.birth_date,
        users.phone,
        users.email,
        users.wechat_unionid,
        user_devices.device_id,
        users.registered_at,
        users.updated_at

    from users

    full outer join (select * from user_devices where preference = 1) as user_devices
        on users.user_id = user_devices.source_customer_id

)

select * from profiles
