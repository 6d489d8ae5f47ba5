with

contacts as (

    select * from {{ staged('wechat', 'wecom_contacts') }}

),

follows as (

    -- a contact without a time of its own cannot be placed in a history
    select
        'follow:' || wechat_user_id || ':' || cast(registered_at as string) as event_id,
        'follow' as event_type,
        wechat_user_id as source_customer_id,
        'wecom' as channel,
        registered_at as occurred_at,
        _file_id,
        _row_number,
        _changed_in

    from contacts

    where registered_at is not null

    union all

    select
        'unfollow:' || wechat_user_id || ':' || cast(contact_deleted_at as string),
        'unfollow',
        wechat_user_id,
        'wecom',
        contact_deleted_at,
        _file_id,
        _row_number,
        _changed_in

    from contacts

    where contact_deleted_at is not null

)

select * from follows
