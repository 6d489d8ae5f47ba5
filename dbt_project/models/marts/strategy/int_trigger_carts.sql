{#
    Carts that were left: something was put in, and hours later it was neither taken out nor ordered. One day's cart is
    one episode, told by the product that went in last.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }} where trigger_code = 'cart_abandoned'

),

first_day as (

    -- older carts were due before what may still fire
    select {{ add_days('as_of.as_of_date', '-settings.grace_days - 1 - cast(ceil(settings.wait_hours / 24.0) as integer)') }}
            as first_date

    from as_of

    cross join settings

),

cart_events as (

    -- the last word of a customer on a product
    select
        events.customer_id,
        events.product_id,
        events.event_id,
        events.event_type,
        events.event_date,
        events.occurred_at,
        row_number() over (
            partition by events.customer_id, events.product_id order by events.occurred_at desc, events.event_id
        ) as recency

    from {{ ref('events') }} as events

    cross join as_of

    cross join first_day

    where
        events.event_type in ('add_to_cart', 'remove_from_cart')
        and events.customer_id is not null
        and events.product_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_date >= first_day.first_date

),

order_lines as (

    select items.customer_id, items.product_id, orders.ordered_at

    from {{ ref('order_items') }} as items

    cross join as_of

    cross join first_day

    inner join {{ ref('orders') }} as orders
        on items.source = orders.source
        and items.order_id = orders.order_id

    where
        items.order_date >= first_day.first_date
        and items.customer_id is not null
        and orders.is_valid
        and {{ known_by_as_of('orders.ordered_at') }}

),

left_behind as (

    select
        cart_events.*,
        {{ dbt.dateadd('hour', 'settings.wait_hours', 'cart_events.occurred_at') }} as due_at,
        row_number() over (
            partition by cart_events.customer_id, cart_events.event_date
            order by cart_events.occurred_at desc, cart_events.product_id, cart_events.event_id
        ) as place

    from cart_events

    cross join settings

    where
        cart_events.recency = 1
        and cart_events.event_type = 'add_to_cart'
        and not exists (
            select 1

            from order_lines

            where
                order_lines.customer_id = cart_events.customer_id
                and order_lines.product_id = cart_events.product_id
                and order_lines.ordered_at >= cart_events.occurred_at
        )

),

due as (

    -- one product per row
    select
        left_behind.*,
        {{ business_date('left_behind.due_at') }} as due_on,
        coalesce(products.product_name, left_behind.product_id) as product_name

    from left_behind

    cross join as_of

    left join {{ ref('products') }} as products
        on left_behind.product_id = products.product_id

    where left_behind.place = 1 and {{ known_by_as_of('left_behind.due_at') }}

)

select
    'cart_abandoned' as trigger_code,
    customer_id,
    'cart of ' || cast(event_date as string) as episode_key,
    event_date as episode_started_on,
    due_on as episode_ends_on,
    due_on,
    cast(event_date as string) || ' 加购后未下单：' || product_name as reason_zh,
    'Left in the cart on ' || cast(event_date as string) || ': ' || product_name as reason_en,
    product_id

from due
