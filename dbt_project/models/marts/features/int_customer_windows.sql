{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Sums over all days and over the last N days, for every customer and snapshot date. A day enters the sums
    at the first snapshot that sees it and leaves an N-day sum at the first one that it is too old for, so a
    running sum of both gives every window in time linear to the days; joining days to the snapshots of a
    year would multiply them by twelve.
#}
{%- set lifetime_measures = [
    'order_count', 'purchase_day_count', 'coupon_order_count', 'store_order_count',
    'night_order_count', 'weekend_order_count', 'gross_amount', 'discount_amount', 'paid_amount',
    'refund_amount', 'unit_count', 'new_product_count', 'new_category_count',
    'new_channel_count', 'points_change'
] -%}
{%- set window_measures = {
    30: ['order_count', 'net_amount', 'event_count', 'active_day_count'],
    90: [
        'order_count', 'net_amount', 'event_count', 'view_count', 'search_count',
        'favorite_count', 'cart_count', 'session_count', 'active_day_count'
    ],
    180: ['order_count'],
    365: ['order_count', 'net_amount', 'event_count', 'share_count', 'interaction_count'],
} -%}
{%- set all_measures = (lifetime_measures + window_measures.values() | sum(start=[])) | unique | list -%}
{%- set types = {'unit_count': 'decimal(18, 3)'} -%}
{%- for measure in ['gross_amount', 'discount_amount', 'paid_amount', 'refund_amount', 'net_amount'] -%}
    {%- do types.update({measure: 'decimal(18, 2)'}) -%}
{%- endfor %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

feature_dates as (

    select * from {{ ref('int_customer_feature_dates') }}

),

days as (

    select
        days.*,
        days.paid_amount - days.refund_amount as net_amount,
        case when days.interaction_count > 0 then 1 else 0 end as active_day_count

    from {{ ref('int_customer_days') }} as days

    cross join as_of

    where days.activity_date <= as_of.as_of_date

),

entered as (

    select
        days.customer_id,
        {{ feature_date('days.activity_date') }} as as_of_date,
        {%- for measure in all_measures %}
        cast(sum(days.{{ measure }}) as {{ types.get(measure, 'bigint') }}) as {{ measure }},
        {%- endfor %}
        max(days.activity_date) filter (where days.interaction_count > 0) as last_interaction_date,
        max(days.activity_date) filter (where days.event_count > 0) as last_event_date

    from days

    cross join as_of

    group by 1, 2

),
{% for length, measures in window_measures.items() %}
left_{{ length }}_days as (

    select
        days.customer_id,
        {{ feature_date(add_days('days.activity_date', length)) }} as as_of_date,
        {%- for measure in measures %}
        cast(sum(days.{{ measure }}) as {{ types.get(measure, 'bigint') }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from days

    cross join as_of

    where {{ add_days('days.activity_date', length) }} <= as_of.as_of_date

    group by 1, 2

),
{% endfor %}
summed as (

    -- one row per customer and snapshot on every side
    select
        feature_dates.customer_id,
        feature_dates.as_of_date,
        feature_dates.first_seen_date,
        feature_dates.is_member,
        {%- for measure in lifetime_measures %}
        cast(
            sum(coalesce(entered.{{ measure }}, 0)) over until_then as {{ types.get(measure, 'bigint') }}
        ) as {{ measure }},
        {%- endfor %}
        {%- for length, measures in window_measures.items() %}
        {%- for measure in measures %}
        cast(
            sum(
                coalesce(entered.{{ measure }}, 0) - coalesce(left_{{ length }}_days.{{ measure }}, 0)
            ) over until_then as {{ types.get(measure, 'bigint') }}
        ) as {{ measure }}_{{ length }}d,
        {%- endfor %}
        {%- endfor %}
        max(entered.last_interaction_date) over until_then as last_interaction_date,
        max(entered.last_event_date) over until_then as last_event_date

    from feature_dates

    left join entered
        on feature_dates.customer_id = entered.customer_id
        and feature_dates.as_of_date = entered.as_of_date
    {% for length in window_measures %}
    left join left_{{ length }}_days
        on feature_dates.customer_id = left_{{ length }}_days.customer_id
        and feature_dates.as_of_date = left_{{ length }}_days.as_of_date
    {% endfor %}
    window until_then as (
        partition by feature_dates.customer_id
        order by feature_dates.as_of_date
        rows between unbounded preceding and current row
    )

)

select * from summed
