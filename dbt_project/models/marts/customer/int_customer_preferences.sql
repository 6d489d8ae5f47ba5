{{ kept_per_customer() }}

{# What a customer buys most, by money paid for it until as_of_date; ties go to more lines, then to the name. #}
{%- set preferences = {'category': 'category_l1', 'brand': 'brand'} -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select orders.*

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.is_valid
        and orders.ordered_at < as_of.as_of_end_at
        and {{ only_changed_customers('orders.customer_id') }}

),

purchased_items as (

    -- many lines to one order and to one product
    select
        orders.customer_id,
        products.category_l1,
        products.brand,
        coalesce(order_items.net_amount, 0) as net_amount

    from {{ ref('order_items') }} as order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    inner join {{ ref('products') }} as products
        on order_items.product_id = products.product_id

),
{% for preference, column in preferences.items() %}
{{ preference }}_ranks as (

    select
        customer_id,
        {{ column }} as preferred_{{ preference }},
        row_number() over (
            partition by customer_id order by sum(net_amount) desc, count(*) desc, {{ column }}
        ) as preference

    from purchased_items

    where {{ column }} is not null

    group by customer_id, {{ column }}

),
{% endfor %}
channel_ranks as (

    select
        customer_id,
        channel as preferred_channel,
        row_number() over (
            partition by customer_id
            order by count(*) desc, sum(paid_amount) desc, channel
        ) as preference

    from orders

    group by customer_id, channel

),

order_habits as (

    select
        customer_id,
        cast(count_if(discount_amount > 0 or coupon_amount > 0) as double)
        / count(*) as promo_sensitivity

    from orders

    group by customer_id

),

preferred as (

    -- one row per customer on every side
    select
        order_habits.customer_id,
        {%- for preference in preferences %}
        {{ preference }}_ranks.preferred_{{ preference }},
        {%- endfor %}
        channel_ranks.preferred_channel,
        order_habits.promo_sensitivity

    from order_habits
    {% for preference in preferences %}
    left join {{ preference }}_ranks
        on order_habits.customer_id = {{ preference }}_ranks.customer_id
        and {{ preference }}_ranks.preference = 1
    {% endfor %}
    left join channel_ranks
        on order_habits.customer_id = channel_ranks.customer_id
        and channel_ranks.preference = 1

)

select * from preferred
