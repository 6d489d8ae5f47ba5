{{ kept_per_customer() }}

{#
    All that a customer did on one business day, in measures that may be summed over days. Everything as-of is
    a sum of these rows, so the facts are read once.
#}
{%- set count, money = 'integer', 'decimal(18, 2)' -%}
{%- set measures_by_side = {
    'order_days': {
        'order_count': count, 'discounted_order_count': count, 'coupon_order_count': count,
        'promotion_order_count': count, 'promotion_discounted_order_count': count, 'store_order_count': count,
        'morning_order_count': count, 'afternoon_order_count': count, 'evening_order_count': count,
        'night_order_count': count, 'weekend_order_count': count,
        'gross_amount': money, 'discount_amount': money, 'paid_amount': money,
    },
    'refund_days': {'refund_amount': money},
    'item_days': {'unit_count': 'decimal(18, 3)'},
    'first_purchase_days': {
        'new_product_count': count, 'new_category_count': count, 'new_channel_count': count,
    },
    'event_days': {
        'event_count': count, 'view_count': count, 'search_count': count, 'favorite_count': count,
        'cart_count': count, 'share_count': count, 'session_count': count, 'dwell_seconds': 'bigint',
    },
    'contact_days': {
        'points_change': 'bigint', 'points_redemption_count': count, 'review_count': count,
        'rated_review_count': count, 'positive_review_count': count, 'rating_sum': money,
        'message_count': count, 'message_open_count': count, 'message_click_count': count,
        'coupon_redemption_count': count, 'referral_count': count,
    },
} -%}

with

orders as (

    select * from {{ ref('orders') }} where customer_id is not null and {{ only_changed_customers() }}

),

order_items as (

    select * from {{ ref('order_items') }} where customer_id is not null and {{ only_changed_customers() }}

),

refunds as (

    select * from {{ ref('int_refunds__unioned') }}

),

events as (

    -- who browsed before the first login was not known at the time, so no snapshot may count it:
    -- a login that happens later would change snapshots that are already out
    select *

    from {{ ref('events') }}

    where customer_id is not null and not is_linked_later and {{ only_changed_customers() }}

),

contacts as (

    select * from {{ ref('int_customer_contacts') }} where {{ only_changed_customers() }}

),

first_purchases as (

    select * from {{ ref('int_customer_first_purchases') }} where {{ only_changed_customers() }}

),

seasons as (

    select cast(starts as integer) as starts, cast(ends as integer) as ends

    from {{ ref('promotion_period') }}

),

order_dates as (

    select distinct
        order_date,
        extract(month from order_date) * 100 + extract(day from order_date) as day_of_year

    from orders

),

promotion_dates as (

    -- seasons may overlap
    select distinct order_dates.order_date

    from order_dates

    inner join seasons
        on order_dates.day_of_year between seasons.starts and seasons.ends

),

timed_orders as (

    -- one season at most per date
    select
        orders.*,
        orders.is_valid and (orders.discount_amount > 0 or orders.coupon_amount > 0) as is_discounted,
        orders.is_valid and promotion_dates.order_date is not null as is_in_season,
        extract(hour from {{ utc_to_local('orders.ordered_at') }}) as order_hour

    from orders

    left join promotion_dates
        on orders.order_date = promotion_dates.order_date

),

order_days as (

    -- money counts whatever the status says, so that it reconciles; the counts are of valid orders
    select
        customer_id,
        order_date as activity_date,
        count(*) as contact_count,
        count_if(is_valid) as order_count,
        sum(gross_amount) filter (where is_valid) as gross_amount,
        sum(discount_amount + coupon_amount) filter (where is_valid) as discount_amount,
        sum(paid_amount) as paid_amount,
        count_if(is_discounted) as discounted_order_count,
        count_if(is_valid and coupon_amount > 0) as coupon_order_count,
        count_if(is_in_season) as promotion_order_count,
        count_if(is_in_season and is_discounted) as promotion_discounted_order_count,
        count_if(is_valid and channel = 'store') as store_order_count,
        count_if(is_valid and order_hour >= 6 and order_hour < 12) as morning_order_count,
        count_if(is_valid and order_hour >= 12 and order_hour < 18) as afternoon_order_count,
        count_if(is_valid and order_hour >= 18 and order_hour < 22) as evening_order_count,
        count_if(is_valid and (order_hour >= 22 or order_hour < 6)) as night_order_count,
        -- 1 January 1900 was a Monday
        count_if(
            is_valid and {{ days_between("date '1900-01-01'", 'order_date') }} % 7 >= 5
        ) as weekend_order_count

    from timed_orders

    group by customer_id, order_date

),

item_days as (

    -- many lines to one order
    select
        orders.customer_id,
        orders.order_date as activity_date,
        sum(order_items.quantity) as unit_count

    from order_items

    inner join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    where orders.is_valid

    group by orders.customer_id, orders.order_date

),

refund_days as (

    -- a refund stamped before its order counts from the order on, or spend would dip below zero first
    select
        orders.customer_id,
        greatest({{ business_date('refunds.refunded_at') }}, orders.order_date) as activity_date,
        sum(refunds.refund_amount) as refund_amount

    from refunds

    inner join orders
        on refunds.source = orders.source
        and refunds.order_id = orders.order_id

    group by 1, 2

),

event_days as (

    select
        customer_id,
        event_date as activity_date,
        count(*) as event_count,
        count_if(event_type = 'view') as view_count,
        count_if(event_type = 'search') as search_count,
        count_if(event_type = 'favorite') as favorite_count,
        count_if(event_type = 'add_to_cart') as cart_count,
        count_if(event_type = 'share') as share_count,
        count(distinct session_id) as session_count,
        -- whole seconds, so that sums are the same in any order
        cast(sum(cast(round(duration_seconds) as bigint)) as bigint) as dwell_seconds

    from events

    group by customer_id, event_date

),

contact_days as (

    select * from contacts

),

first_purchase_days as (

    select
        customer_id,
        first_order_date as activity_date,
        new_product_count,
        new_category_count,
        new_channel_count

    from first_purchases

),

days as (

    select customer_id, activity_date from order_days
    union
    select customer_id, activity_date from refund_days
    union
    select customer_id, activity_date from event_days
    union
    select customer_id, activity_date from contact_days

),

combined as (

    -- one row per customer and day on every side
    select
        days.customer_id,
        days.activity_date,
        {%- for side, measures in measures_by_side.items() %}
        {%- for measure, type in measures.items() %}
        cast(coalesce({{ side }}.{{ measure }}, 0) as {{ type }}) as {{ measure }},
        {%- endfor %}
        {%- endfor %}
        case when order_days.order_count > 0 then 1 else 0 end as purchase_day_count,
        cast(
            coalesce(order_days.paid_amount, 0) - coalesce(refund_days.refund_amount, 0) as decimal(18, 2)
        ) as net_amount,
        cast(
            coalesce(order_days.contact_count, 0)
            + coalesce(event_days.event_count, 0)
            + coalesce(contact_days.contact_count, 0) as integer
        ) as interaction_count,
        case
            when
                coalesce(order_days.contact_count, 0)
                + coalesce(event_days.event_count, 0)
                + coalesce(contact_days.contact_count, 0) > 0 then 1
            else 0
        end as active_day_count

    from days
    {% for side in measures_by_side %}
    left join {{ side }}
        on days.customer_id = {{ side }}.customer_id
        and days.activity_date = {{ side }}.activity_date
    {% endfor %}
)

select * from combined
