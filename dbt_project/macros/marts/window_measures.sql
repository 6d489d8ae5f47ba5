{#
    What int_customer_windows sums: measures over all days so far, and per window length in days. `types` holds the
    types of those that are not whole numbers.
#}
{% macro window_measures() -%}
    {%- set lifetime = [
        'order_count', 'purchase_day_count', 'coupon_order_count', 'store_order_count',
        'night_order_count', 'weekend_order_count', 'gross_amount', 'discount_amount', 'paid_amount',
        'refund_amount', 'unit_count', 'new_product_count', 'new_category_count',
        'new_channel_count', 'points_change'
    ] -%}
    {%- set windows = {
        30: ['order_count', 'net_amount', 'event_count', 'active_day_count'],
        90: [
            'order_count', 'net_amount', 'event_count', 'view_count', 'search_count',
            'favorite_count', 'cart_count', 'session_count', 'active_day_count'
        ],
        180: ['order_count'],
        365: ['order_count', 'net_amount', 'event_count', 'share_count', 'interaction_count'],
    } -%}
    {%- set types = {'unit_count': 'decimal(18, 3)'} -%}
    {%- for measure in ['gross_amount', 'discount_amount', 'paid_amount', 'refund_amount', 'net_amount'] -%}
        {%- do types.update({measure: 'decimal(18, 2)'}) -%}
    {%- endfor -%}
    {{ return({
        'lifetime': lifetime,
        'windows': windows,
        'all': (lifetime + windows.values() | sum(start=[])) | unique | list,
        'types': types,
    }) }}
{%- endmacro %}


{# What leaves the sums over `length` days at each snapshot; reads the CTEs days and as_of of int_customer_windows. #}
{% macro days_that_left(length, measures) -%}
    {%- set types = window_measures()['types'] -%}
    {%- set left_on = add_days('days.activity_date', length) -%}
    select
        days.customer_id,
        {{ feature_date(left_on) }} as as_of_date,
        {%- for measure in measures %}
        cast(sum(days.{{ measure }}) as {{ types.get(measure, 'bigint') }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from days

    cross join as_of

    where {{ left_on }} <= as_of.as_of_date and {{ only_open_snapshots(left_on, 'days.customer_id') }}

    group by 1, 2
{%- endmacro %}
