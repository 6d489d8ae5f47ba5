{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# What a customer does and says besides buying, until as_of_date: visits, reviews, shares. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select features.customer_id, features.share_count_365d

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

visits as (

    select
        events.customer_id,
        min(events.occurred_at) as first_event_at,
        max(events.occurred_at) as last_event_at

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.occurred_at < as_of.as_of_end_at

    group by events.customer_id

),

opinions as (

    -- 3 of 5 stars says nothing either way
    select
        reviews.customer_id,
        avg((reviews.rating - 3) / 2) as sentiment_score

    from {{ ref('reviews') }} as reviews

    cross join as_of

    where
        reviews.customer_id is not null
        and reviews.reviewed_at < as_of.as_of_end_at

    group by reviews.customer_id

),

channels_used as (

    select orders.customer_id, orders.channel

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.ordered_at < as_of.as_of_end_at

    union

    select events.customer_id, events.channel

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.occurred_at < as_of.as_of_end_at

),

channel_lists as (

    select customer_id, {{ ordered_list('channel') }} as channels

    from channels_used

    group by customer_id

),

influence as (

    -- nobody ranks below zero shares, so not sharing is 0
    select
        customer_id,
        percent_rank() over (order by share_count_365d) as influence_score

    from features

),

combined as (

    -- one row per customer on every side
    select
        influence.customer_id,
        visits.first_event_at,
        visits.last_event_at,
        opinions.sentiment_score,
        influence.influence_score,
        channel_lists.channels

    from influence

    left join visits
        on influence.customer_id = visits.customer_id

    left join opinions
        on influence.customer_id = opinions.customer_id

    left join channel_lists
        on influence.customer_id = channel_lists.customer_id

)

select * from combined
