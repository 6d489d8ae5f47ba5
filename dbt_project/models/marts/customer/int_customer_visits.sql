{{ kept_per_customer() }}

{# What a customer did and said besides buying, and where, until as_of_date. #}

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
        and events.occurred_at < as_of.as_of_end_at
        and {{ only_changed_customers('events.customer_id') }}

),

orders as (

    select orders.*

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.ordered_at < as_of.as_of_end_at
        and {{ only_changed_customers('orders.customer_id') }}

),

reviews as (

    select reviews.*

    from {{ ref('reviews') }} as reviews

    cross join as_of

    where
        reviews.customer_id is not null
        and reviews.reviewed_at < as_of.as_of_end_at
        and {{ only_changed_customers('reviews.customer_id') }}

),

visits as (

    select
        customer_id,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at

    from events

    group by customer_id

),

opinions as (

    -- 3 of 5 stars says nothing either way
    select
        customer_id,
        avg((rating - 3) / 2) as sentiment_score

    from reviews

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

customers as (

    select customer_id from channel_lists
    union
    select customer_id from opinions

),

combined as (

    -- one row per customer on every side
    select
        customers.customer_id,
        visits.first_event_at,
        visits.last_event_at,
        opinions.sentiment_score,
        channel_lists.channels

    from customers

    left join visits
        on customers.customer_id = visits.customer_id

    left join opinions
        on customers.customer_id = opinions.customer_id

    left join channel_lists
        on customers.customer_id = channel_lists.customer_id

)

select * from combined
