{{ kept_per_customer() }}

{#
    What a customer buys most, by money paid for it until as_of_date, and where and when they buy most, by orders; ties go
    to more lines or more money, then to the smaller value.
#}
{%- set of_items = {'category': 'category_l1', 'brand': 'brand'} -%}
{%- set of_orders = {'channel': 'channel', 'hour': 'order_hour', 'weekday': 'order_weekday'} -%}
{%- set order_by = {
    'items': 'sum(net_amount) desc, count(*) desc', 'orders': 'count(*) desc, sum(paid_amount) desc',
} %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    -- 1 January 1900 was a Monday
    select
        orders.*,
        extract(hour from {{ utc_to_local('orders.ordered_at') }}) as order_hour,
        {{ days_between("date '1900-01-01'", 'orders.order_date') }} % 7 + 1 as order_weekday

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.is_valid
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_changed_customers('orders.customer_id') }}

),

items as (

    -- many lines to one order and to one product; what returns did to a line is not known, so margins are those at
    -- the time of buying; units that cost a trillion are a typing error in the product's cost, which is not known then
    select
        orders.customer_id,
        products.category_l1,
        products.brand,
        coalesce(order_items.net_amount, 0) as net_amount,
        case
            when abs(cast(order_items.quantity as double) * cast(products.unit_cost as double)) < 1e12
                then order_items.net_amount - order_items.quantity * products.unit_cost
        end as margin_amount

    from {{ ref('order_items') }} as order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    inner join {{ ref('products') }} as products
        on order_items.product_id = products.product_id

),
{% for facts, preferences in [('items', of_items), ('orders', of_orders)] %}
{%- for preference, column in preferences.items() %}
{{ preference }}_ranks as (

    select
        customer_id,
        {{ column }} as preferred_{{ preference }},
        row_number() over (
            partition by customer_id order by {{ order_by[facts] }}, {{ column }}
        ) as preference

    from {{ facts }}

    where {{ column }} is not null

    group by customer_id, {{ column }}

),
{% endfor %}
{%- endfor %}
margins as (

    select
        customer_id,
        sum(margin_amount) as gross_margin,
        cast(sum(net_amount) filter (where margin_amount is not null) as double)
        / nullif(cast(sum(net_amount) as double), 0) as margin_coverage

    from items

    group by customer_id

),

customers as (

    select distinct customer_id from orders

),

preferred as (

    -- one row per customer on every side
    select
        customers.customer_id,
        {%- for preference in of_items.keys() | list + of_orders.keys() | list %}
        {{ preference }}_ranks.preferred_{{ preference }},
        {%- endfor %}
        margins.gross_margin,
        margins.margin_coverage

    from customers
    {% for preference in of_items.keys() | list + of_orders.keys() | list %}
    left join {{ preference }}_ranks
        on customers.customer_id = {{ preference }}_ranks.customer_id
        and {{ preference }}_ranks.preference = 1
    {% endfor %}
    left join margins
        on customers.customer_id = margins.customer_id

)

select * from preferred
