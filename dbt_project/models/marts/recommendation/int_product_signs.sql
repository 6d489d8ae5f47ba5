{{ kept_per_customer() }}

{#
    What customers did with products until as_of_date. Looks count more the closer they are to a purchase; what was
    sent back has the day on which all of its money was returned.
#}
{%- set weights = {'view': 1, 'share': 2, 'favorite': 3, 'add_to_cart': 4, 'checkout': 5} -%}

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
        and {{ known_by_as_of('orders.ordered_at') }}
        and {{ only_changed_customers('orders.customer_id') }}

),

refunds as (

    -- many refunds to one order
    select
        orders.source,
        orders.order_id,
        orders.paid_amount,
        greatest({{ business_date('refunds.refunded_at') }}, orders.order_date) as refund_date,
        sum(refunds.refund_amount) over (
            partition by orders.source, orders.order_id
            order by refunds.refunded_at, refunds.refund_id
            rows between unbounded preceding and current row
        ) as refunded_until

    from {{ ref('int_refunds__unioned') }} as refunds

    inner join orders
        on refunds.source = orders.source
        and refunds.order_id = orders.order_id

    cross join as_of

    where {{ known_by_as_of('refunds.refunded_at') }}

),

returns as (

    select source, order_id, min(refund_date) as returned_date

    from refunds

    where paid_amount > 0 and refunded_until >= paid_amount

    group by source, order_id

),

met as (

    -- many lines to one order, at most one return per order
    select
        orders.customer_id,
        order_items.product_id,
        orders.order_date as sign_date,
        orders.source || ':' || orders.order_id as order_key,
        returns.returned_date,
        0 as look_weight,
        0 as is_cart

    from {{ ref('order_items') }} as order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    left join returns
        on order_items.source = returns.source
        and order_items.order_id = returns.order_id

    where order_items.product_id is not null

    union all

    -- who browsed before the first login was not known at the time (see int_customer_days)
    select
        events.customer_id,
        events.product_id,
        events.event_date,
        cast(null as string),
        cast(null as date),
        case events.event_type
            {%- for event_type, weight in weights.items() %}
            when '{{ event_type }}' then {{ weight }}
            {%- endfor %}
        end,
        case when events.event_type = 'add_to_cart' then 1 else 0 end

    from {{ ref('events') }} as events

    cross join as_of

    where
        events.customer_id is not null
        and events.product_id is not null
        and not events.is_linked_later
        and {{ known_by_as_of('events.occurred_at') }}
        and events.event_type in ('{{ weights.keys() | join("', '") }}')
        and {{ only_changed_customers('events.customer_id') }}

),

per_day as (

    select
        customer_id,
        product_id,
        sign_date,
        cast(count(distinct order_key) as integer) as order_count,
        cast(count(order_key) as integer) as line_count,
        cast(sum(look_weight) as integer) as look_weight,
        cast(count(case when order_key is null then 1 end) as integer) as look_count,
        cast(sum(is_cart) as integer) as cart_count,
        max(returned_date) as returned_date

    from met

    group by customer_id, product_id, sign_date

)

select * from per_day
