{{ kept_per_customer() }}

{# Who met which piece of content, and when for the first time, until as_of_date. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

reads as (

    -- who read before the first login was not known at the time (see int_customer_days)
    select
        events.customer_id,
        events.source,
        events.content_id,
        min(events.event_date) as first_read_date

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and events.content_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_type in ('view', 'read', 'share', 'like', 'comment', 'favorite')
        and {{ only_changed_customers('events.customer_id') }}

    group by events.customer_id, events.source, events.content_id

)

select * from reads
