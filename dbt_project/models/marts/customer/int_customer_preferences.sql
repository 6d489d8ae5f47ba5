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
        coalesce(order_items.net_amount, 0) as net_amount,
        -- what returns did to a line is not known, so margins are those at the time of buying
        order_items.net_amount - order_items.quantity * products.unit_cost as margin_amount

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

hour_ranks as (

    select
        customer_id,
        extract(hour from {{ utc_to_local('ordered_at') }}) as preferred_hour,
        row_number() over (
            partition by customer_id
            order by count(*) desc, extract(hour from {{ utc_to_local('ordered_at') }})
        ) as preference

    from orders

    group by customer_id, extract(hour from {{ utc_to_local('ordered_at') }})

),

weekday_ranks as (

    -- 1 January 1900 was a Monday
    select
        customer_id,
        {{ days_between("date '1900-01-01'", 'order_date') }} % 7 + 1 as preferred_weekday,
        row_number() over (
            partition by customer_id
            order by count(*) desc, {{ days_between("date '1900-01-01'", 'order_date') }} % 7
        ) as preference

    from orders

    group by customer_id, {{ days_between("date '1900-01-01'", 'order_date') }} % 7

),

margins as (

    select
        customer_id,
        sum(margin_amount) as gross_margin,
        cast(sum(net_amount) filter (where margin_amount is not null) as double)
        / nullif(cast(sum(net_amount) as double), 0) as margin_coverage

    from purchased_items

    group by customer_id

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
        hour_ranks.preferred_hour,
        weekday_ranks.preferred_weekday,
        margins.gross_margin,
        margins.margin_coverage,
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

    left join hour_ranks
        on order_habits.customer_id = hour_ranks.customer_id
        and hour_ranks.preference = 1

    left join weekday_ranks
        on order_habits.customer_id = weekday_ranks.customer_id
        and weekday_ranks.preference = 1

    left join margins
        on order_habits.customer_id = margins.customer_id

)

select * from preferred
