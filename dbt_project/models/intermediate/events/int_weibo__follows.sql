with

followers as (

    select * from {{ staged('weibo', 'followers') }}

),

follows as (

    select
        'follow:' || weibo_uid || ':' || cast(followed_at as string) as event_id,
        'follow' as event_type,
        weibo_uid as source_customer_id,
        'weibo' as channel,
        followed_at as occurred_at,
        _file_id,
        _row_number,
        _changed_in

    from followers

    union all

    select
        'unfollow:' || weibo_uid || ':' || cast(followed_at as string),
        'unfollow',
        weibo_uid,
        'weibo',
        unfollowed_at,
        _file_id,
        _row_number,
        _changed_in

    from followers

    where unfollowed_at is not null

)

select * from follows
