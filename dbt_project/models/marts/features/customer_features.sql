{{ config(on_schema_change='fail') }}
{{ kept_per_snapshot() }}

{%- set behaviour = [
    'event_count', 'view_count', 'search_count', 'favorite_count', 'cart_count', 'share_count', 'session_count',
    'dwell_seconds'
] %}

with

windows as (

    select * from {{ ref('int_customer_windows') }} where {{ only_open_snapshots() }}

),

purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

median_gaps as (

    select * from {{ ref('int_customer_median_gaps') }}

),

with_last_purchase as (

    -- the n-th purchase day is the last one that the snapshot sees: one purchase per snapshot
    select
        windows.*,
        purchases.first_purchase_date,
        purchases.purchase_date as last_purchase_date,
        median_gaps.median_gap_days,
        greatest(windows.first_seen_date, windows.last_interaction_date) as last_seen_date

    from windows

    left join purchases
        on windows.customer_id = purchases.customer_id
        and windows.purchase_day_count = purchases.purchase_number

    left join median_gaps
        on windows.customer_id = median_gaps.customer_id
        and windows.purchase_day_count = median_gaps.purchase_number

),

features as (

    select
        ---------- keys
        customer_id,
        as_of_date,

        ---------- time since
        cast({{ days_between('first_seen_date', 'as_of_date') }} as bigint) as tenure_days,
        cast(
            {{ days_between('first_purchase_date', 'as_of_date') }} as bigint
        ) as days_since_first_order,
        cast(
            {{ days_between('last_purchase_date', 'as_of_date') }} as bigint
        ) as days_since_last_order,
        cast(
            {{ days_between('first_purchase_date', 'last_purchase_date') }} as bigint
        ) as days_first_to_last_order,
        cast({{ days_between('last_seen_date', 'as_of_date') }} as bigint) as days_since_last_seen,
        cast(
            {{ days_between('last_interaction_date', 'as_of_date') }} as bigint
        ) as days_since_last_interaction,
        cast({{ days_between('last_event_date', 'as_of_date') }} as bigint) as days_since_last_event,

        ---------- orders
        cast(order_count as bigint) as order_count,
        cast(order_count_30d as bigint) as order_count_30d,
        cast(order_count_90d as bigint) as order_count_90d,
        cast(order_count_180d as bigint) as order_count_180d,
        cast(order_count_365d as bigint) as order_count_365d,

        ---------- money
        cast(paid_amount - refund_amount as decimal(18, 2)) as net_spend,
        cast(net_amount_30d as decimal(18, 2)) as net_spend_30d,
        cast(net_amount_90d as decimal(18, 2)) as net_spend_90d,
        cast(net_amount_365d as decimal(18, 2)) as net_spend_365d,
        cast(gross_amount as decimal(18, 2)) as gross_spend,
        cast(refund_amount as decimal(18, 2)) as refunded_amount,
        {{ rounded_decimal('cast(paid_amount - refund_amount as double) / nullif(order_count, 0)', 18, 2) }}
            as average_order_value,

        ---------- rhythm
        median_gap_days as median_days_between_orders,
        case
            when purchase_day_count > 1 then
                cast({{ days_between('first_purchase_date', 'last_purchase_date') }} as double)
                / (purchase_day_count - 1)
        end as mean_days_between_orders,
        cast(purchase_day_count as bigint) as purchase_day_count,
        cast(purchase_day_count_365d as bigint) as purchase_day_count_365d,

        ---------- what is bought and how
        cast(unit_count as decimal(18, 3)) as unit_count,
        cast(discount_amount as double) / nullif(cast(gross_amount as double), 0) as discount_share,
        cast(discounted_order_count as bigint) as discounted_order_count,
        cast(discounted_order_count_365d as bigint) as discounted_order_count_365d,
        cast(promotion_order_count as bigint) as promotion_order_count,
        cast(promotion_discounted_order_count as bigint) as promotion_discounted_order_count,
        cast(coupon_order_count as double) / nullif(order_count, 0) as coupon_order_share,
        cast(coupon_order_count_365d as bigint) as coupon_order_count_365d,
        cast(refund_amount as double) / nullif(cast(paid_amount as double), 0) as refund_share,
        cast(new_product_count as bigint) as distinct_product_count,
        cast(new_category_count as bigint) as distinct_category_count,
        cast(new_channel_count as bigint) as distinct_channel_count,
        cast(store_order_count as double) / nullif(order_count, 0) as store_order_share,
        cast(store_order_count_365d as bigint) as store_order_count_365d,
        {%- for part in ['morning', 'afternoon', 'evening', 'night'] %}
        cast({{ part }}_order_count as double) / nullif(order_count, 0) as {{ part }}_order_share,
        {%- endfor %}
        cast(weekend_order_count as double) / nullif(order_count, 0) as weekend_order_share,

        ---------- behaviour
        {%- for length in [30, 90, 365] %}
        {%- for measure in behaviour %}
        cast({{ measure }}_{{ length }}d as bigint) as {{ measure }}_{{ length }}d,
        {%- endfor %}
        cast(active_day_count_{{ length }}d as bigint) as active_days_{{ length }}d,
        {%- endfor %}
        cast(interaction_count_365d as bigint) as interaction_count_365d,

        ---------- voice and answers
        cast(review_count as bigint) as review_count,
        cast(rating_sum as double) / nullif(rated_review_count, 0) as average_rating,
        cast(positive_review_count as double) / nullif(rated_review_count, 0) as positive_review_share,
        cast(referral_count as bigint) as referral_count,
        cast(message_count_365d as bigint) as message_count_365d,
        cast(message_open_count_365d as bigint) as message_open_count_365d,
        cast(message_click_count_365d as bigint) as message_click_count_365d,
        cast(coupon_redemption_count_365d as bigint) as coupon_redemption_count_365d,

        ---------- membership
        cast(points_change as bigint) as points_balance,
        cast(points_redemption_count_365d as bigint) as points_redeemed_count_365d,
        is_member

    from with_last_purchase

)

select * from features
