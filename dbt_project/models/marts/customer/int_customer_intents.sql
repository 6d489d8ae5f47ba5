{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What a customer seems about to buy: the category on which recent acts weigh most. An act counts half after
    half_life_days, and not at all once the category was bought after it. Scores saturate: the tenth look says
    little more than the ninth.
#}
{%- set window_days, half_life_days, saturation = 30, 7, 8 -%}
{%- set weights = {'view': 1, 'search': 1, 'share': 2, 'favorite': 3, 'add_to_cart': 4, 'checkout': 5} -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

products as (

    select product_id, category_l2 from {{ ref('products') }} where category_l2 is not null

),

acts as (

    select
        events.customer_id,
        products.category_l2,
        events.event_type,
        events.occurred_at,
        {{ days_between('events.event_date', 'as_of.as_of_date') }} as days_ago

    from {{ ref('events') }} as events

    inner join products
        on events.product_id = products.product_id

    cross join as_of

    where
        events.customer_id is not null
        and not events.is_linked_later
        and events.event_date > {{ add_days('as_of.as_of_date', -window_days) }}
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_type in ({{ "'" ~ weights.keys() | join("', '") ~ "'" }})

),

recent_orders as (

    select orders.source, orders.order_id, orders.customer_id, orders.ordered_at

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.is_valid
        and orders.order_date > {{ add_days('as_of.as_of_date', -window_days) }}
        and {{ known_by_as_of('orders.ordered_at') }}

),

purchases as (

    -- many lines to one order and to one product
    select
        recent_orders.customer_id,
        products.category_l2,
        max(recent_orders.ordered_at) as purchased_at

    from {{ ref('order_items') }} as order_items

    inner join recent_orders
        on order_items.source = recent_orders.source
        and order_items.order_id = recent_orders.order_id

    inner join products
        on order_items.product_id = products.product_id

    group by recent_orders.customer_id, products.category_l2

),

weighed as (

    -- at most one last purchase per customer and category
    select
        acts.customer_id,
        acts.category_l2,
        sum(
            case acts.event_type
                {%- for event_type, weight in weights.items() %}
                when '{{ event_type }}' then {{ weight }}
                {%- endfor %}
            end
            * power(0.5, cast(acts.days_ago as double) / {{ half_life_days }})
        ) as intent_weight,
        count(*) as act_count

    from acts

    left join purchases
        on acts.customer_id = purchases.customer_id
        and acts.category_l2 = purchases.category_l2

    where purchases.purchased_at is null or acts.occurred_at > purchases.purchased_at

    group by acts.customer_id, acts.category_l2

),

ranked as (

    -- rounded, for sums of floats may differ in the last digit from run to run
    select
        customer_id,
        category_l2 as intent_category,
        {{ rounded('1 - exp(-intent_weight / ' ~ saturation ~ ')', 6) }} as intent_score,
        count(*) over (partition by customer_id) as intent_category_count,
        row_number() over (
            partition by customer_id order by {{ rounded('intent_weight', 6) }} desc, act_count desc, category_l2
        ) as preference

    from weighed

)

select customer_id, intent_category, intent_score, intent_category_count

from ranked

where preference = 1
