-- A failing row is a customer whose 365-day figures differ from what a plain filter on the facts gives for the
-- run's date: the running sums let a day in or out at the wrong snapshot.

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select
        orders.customer_id,
        count_if(orders.is_valid) as order_count_365d

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.order_date <= as_of.as_of_date
        and orders.order_date > {{ add_days('as_of.as_of_date', -365) }}

    group by orders.customer_id

),

events as (

    select
        events.customer_id,
        count(*) as event_count_365d

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.event_date <= as_of.as_of_date
        and events.event_date > {{ add_days('as_of.as_of_date', -365) }}

    group by events.customer_id

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

)

select
    features.customer_id,
    features.order_count_365d,
    orders.order_count_365d as orders_in_facts,
    features.event_count_365d,
    events.event_count_365d as events_in_facts

from features

full outer join orders
    on features.customer_id = orders.customer_id

full outer join events
    on coalesce(features.customer_id, orders.customer_id) = events.customer_id

where
    coalesce(features.order_count_365d, -1) <> coalesce(orders.order_count_365d, 0)
    or coalesce(features.event_count_365d, -1) <> coalesce(events.event_count_365d, 0)
