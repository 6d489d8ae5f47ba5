{# Products that a customer put on a list or into the cart, did not buy since, and that cost less now. #}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }} where trigger_code = 'price_drop'

),

drops as (

    select * from {{ ref('int_price_drops') }}

),

recent_items as (

    select items.*

    from {{ ref('order_items') }} as items

    cross join as_of

    cross join settings

    where
        items.order_date <= as_of.as_of_date
        and items.order_date > {{ add_days('as_of.as_of_date', '-settings.grace_days - settings.look_back_days') }}

),

wish_events as (

    -- the last word of a customer on a product
    select
        events.customer_id,
        events.product_id,
        events.event_type,
        events.event_date,
        row_number() over (
            partition by events.customer_id, events.product_id order by events.occurred_at desc, events.event_id
        ) as recency

    from {{ ref('events') }} as events

    cross join as_of

    cross join settings

    where
        events.event_type in ('favorite', 'add_to_cart', 'unfavorite', 'remove_from_cart')
        and events.customer_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_date > {{ add_days('as_of.as_of_date', '-settings.grace_days - settings.look_back_days') }}
        and events.product_id in (select drops.product_id from drops)

),

wished as (

    -- many customers to one drop of a product
    select
        wish_events.customer_id,
        drops.*,
        products.product_name

    from wish_events

    inner join drops
        on wish_events.product_id = drops.product_id
        and wish_events.event_date <= drops.dropped_on

    cross join settings

    left join {{ ref('products') }} as products
        on drops.product_id = products.product_id

    where
        wish_events.recency = 1
        and wish_events.event_type in ('favorite', 'add_to_cart')
        and wish_events.event_date > {{ add_days('drops.dropped_on', '-settings.look_back_days') }}
        and not exists (
            select 1

            from recent_items

            where
                recent_items.customer_id = wish_events.customer_id
                and recent_items.product_id = wish_events.product_id
                and recent_items.order_date >= wish_events.event_date
        )

)

select
    'price_drop' as trigger_code,
    customer_id,
    product_id || ' on ' || cast(dropped_on as string) as episode_key,
    dropped_on as episode_started_on,
    dropped_on as episode_ends_on,
    dropped_on as due_on,
    '心仪商品降价：' || coalesce(product_name, product_id) || '，由 ' || cast(price_before as string) || ' 降至 '
    || cast(price as string) as reason_zh,
    'A product on the wish list costs less: ' || coalesce(product_name, product_id) || ', from '
    || cast(price_before as string) || ' to ' || cast(price as string) as reason_en,
    product_id

from wished
