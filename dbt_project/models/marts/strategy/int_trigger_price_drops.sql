{#
    Products that a customer put on a list or into the cart and that cost less now. No feed keeps a history of prices, so
    they are read from what orders were charged before discounts: a day's price in a channel is the lowest of that day,
    and it fell if it lies below every price of the 30 days before (the reference of Directive 98/6/EC, art. 6a).
#}
{%- set reference_days, least_days = 30, 2 %}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('trigger_catalogue') }} where trigger_code = 'price_drop'

),

recent_items as (

    select items.*

    from {{ ref('order_items') }} as items

    cross join as_of

    cross join settings

    where
        items.order_date <= as_of.as_of_date
        and items.order_date > {{ add_days('as_of.as_of_date', '-settings.grace_days - settings.look_back_days - ' ~ reference_days) }}

),

prices as (

    select
        product_id,
        channel,
        order_date,
        {{ days_between("date '1970-01-01'", 'order_date') }} as day_number,
        min(unit_price) as price

    from recent_items

    where unit_price > 0

    group by product_id, channel, order_date

),

compared as (

    select
        *,
        min(price) over days_before as price_before,
        count(*) over days_before as days_before_count

    from prices

    window days_before as (
        partition by product_id, channel
        order by day_number
        range between {{ reference_days }} preceding and 1 preceding
    )

),

drops as (

    -- of several channels the one that fell most
    select
        compared.product_id,
        compared.order_date as dropped_on,
        compared.price,
        compared.price_before,
        row_number() over (
            partition by compared.product_id, compared.order_date
            order by compared.price / compared.price_before, compared.channel
        ) as place

    from compared

    cross join as_of

    cross join settings

    where
        compared.days_before_count >= {{ least_days }}
        and compared.price <= compared.price_before * cast(1 - settings.least_drop as decimal(6, 4))
        and compared.order_date > {{ add_days('as_of.as_of_date', '-settings.grace_days') }}

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
        and events.occurred_at < as_of.as_of_end_at
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
        and drops.place = 1

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
