{{ kept_per_customer() }}

{# When a customer came by, where, and whom of us they follow, until as_of_date. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

events as (

    select events.*

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and {{ only_changed_customers('events.customer_id') }}

),

orders as (

    select orders.*

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_changed_customers('orders.customer_id') }}

),

visits as (

    select
        customer_id,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at

    from events

    group by customer_id

),

follows as (

    -- a follow at the same instant as leaving is a clock that shows seconds only: the later word is leaving
    select
        customer_id,
        channel,
        row_number() over (
            partition by customer_id, channel order by occurred_at desc, event_type desc, event_id
        ) as recency,
        event_type = 'follow' as is_following

    from events

    where event_type in ('follow', 'unfollow')

),

followed_channels as (

    select
        customer_id,
        {{ ordered_list('channel') }} as followed_channels

    from follows

    where recency = 1 and is_following

    group by customer_id

),

channels_used as (

    select customer_id, channel from orders

    union

    select customer_id, channel from events

),

channel_lists as (

    select customer_id, {{ ordered_list('channel') }} as channels

    from channels_used

    group by customer_id

),

combined as (

    -- one row per customer on every side
    select
        channel_lists.customer_id,
        visits.first_event_at,
        visits.last_event_at,
        followed_channels.followed_channels,
        channel_lists.channels

    from channel_lists

    left join visits
        on channel_lists.customer_id = visits.customer_id

    left join followed_channels
        on channel_lists.customer_id = followed_channels.customer_id

)

select * from combined
