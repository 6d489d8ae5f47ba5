{#
    The sums of int_customer_windows, by column name: which measure of a day each sums, over how many days (none for
    all days so far), and its type.
#}
{% macro window_sums() -%}
    {%- set behaviour = [
        'event_count', 'view_count', 'search_count', 'favorite_count', 'cart_count', 'share_count',
        'session_count', 'dwell_seconds', 'active_day_count'
    ] -%}
    {%- set measures_by_length = {
        none: [
            'order_count', 'purchase_day_count', 'discounted_order_count', 'coupon_order_count',
            'promotion_order_count', 'promotion_discounted_order_count', 'store_order_count',
            'morning_order_count', 'afternoon_order_count', 'evening_order_count', 'night_order_count',
            'weekend_order_count', 'gross_amount', 'discount_amount', 'paid_amount', 'refund_amount',
            'unit_count', 'new_product_count', 'new_category_count', 'new_channel_count', 'points_change',
            'review_count', 'rated_review_count', 'positive_review_count', 'rating_sum', 'referral_count'
        ],
        30: ['order_count', 'net_amount'] + behaviour,
        90: ['order_count', 'net_amount'] + behaviour,
        180: ['order_count'],
        365: [
            'order_count', 'purchase_day_count', 'discounted_order_count', 'coupon_order_count',
            'store_order_count', 'net_amount', 'interaction_count', 'message_count', 'message_open_count',
            'message_click_count', 'coupon_redemption_count', 'points_redemption_count'
        ] + behaviour,
    } -%}
    {%- set sums = {} -%}
    {%- for length, measures in measures_by_length.items() -%}
        {%- for measure in measures -%}
            {%- do sums.update({measure ~ ('_' ~ length ~ 'd' if length else ''): {
                'measure': measure,
                'length': length,
                'type': 'decimal(18, 2)' if measure.endswith('_amount') or measure == 'rating_sum'
                    else 'decimal(18, 3)' if measure == 'unit_count'
                    else 'bigint',
            }}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(sums) }}
{%- endmacro %}


{#
    Sums of the measures by the snapshot at which days enter the windows over all days (length none), or leave those
    over `length` days: the first one that sees the day, or is too old for it, and none before the customer's first
    one, since who is sent a message is not seen by it. Reads the CTEs days and as_of.
#}
{% macro moves(length=none) -%}
    {%- set moves_on -%}
        greatest({{ add_days('days.activity_date', length) if length else 'days.activity_date' }}, days.first_date)
    {%- endset -%}
    {%- set types = {} -%}
    {%- for sum in window_sums().values() if not length or sum['length'] == length -%}
        {%- do types.update({sum['measure']: sum['type']}) -%}
    {%- endfor -%}
    select
        days.customer_id,
        {{ feature_date(moves_on) }} as as_of_date,
        {%- if not length %}
        max(case when days.interaction_count > 0 then days.activity_date end) as last_interaction_date,
        max(case when days.event_count > 0 then days.activity_date end) as last_event_date,
        {%- endif %}
        {%- for measure, type in types.items() %}
        cast(sum(days.{{ measure }}) as {{ type }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}

    from days

    cross join as_of

    where {{ moves_on }} <= as_of.as_of_date and {{ only_open_snapshots(moves_on, 'days.customer_id') }}

    group by 1, 2
{%- endmacro %}
