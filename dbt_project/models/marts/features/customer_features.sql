{{ config(on_schema_change='fail') }}
{{ kept_per_snapshot() }}

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
        cast(
            cast(paid_amount - refund_amount as double) / nullif(order_count, 0) as decimal(18, 2)
        ) as average_order_value,

        ---------- rhythm
        median_gap_days as median_days_between_orders,
        case
            when purchase_day_count > 1 then
                cast({{ days_between('first_purchase_date', 'last_purchase_date') }} as double)
                / (purchase_day_count - 1)
        end as mean_days_between_orders,
        cast(purchase_day_count as bigint) as purchase_day_count,

        ---------- what is bought and how
        cast(unit_count as decimal(18, 3)) as unit_count,
        cast(discount_amount as double) / nullif(cast(gross_amount as double), 0) as discount_share,
        cast(coupon_order_count as double) / nullif(order_count, 0) as coupon_order_share,
        cast(refund_amount as double) / nullif(cast(paid_amount as double), 0) as refund_share,
        cast(new_product_count as bigint) as distinct_product_count,
        cast(new_category_count as bigint) as distinct_category_count,
        cast(new_channel_count as bigint) as distinct_channel_count,
        cast(store_order_count as double) / nullif(order_count, 0) as store_order_share,
        cast(night_order_count as double) / nullif(order_count, 0) as night_order_share,
        cast(weekend_order_count as double) / nullif(order_count, 0) as weekend_order_share,

        ---------- behaviour
        cast(event_count_30d as bigint) as event_count_30d,
        cast(event_count_90d as bigint) as event_count_90d,
        cast(event_count_365d as bigint) as event_count_365d,
        cast(view_count_90d as bigint) as view_count_90d,
        cast(search_count_90d as bigint) as search_count_90d,
        cast(favorite_count_90d as bigint) as favorite_count_90d,
        cast(cart_count_90d as bigint) as cart_count_90d,
        cast(share_count_365d as bigint) as share_count_365d,
        cast(active_day_count_30d as bigint) as active_days_30d,
        cast(active_day_count_90d as bigint) as active_days_90d,
        cast(session_count_90d as bigint) as session_count_90d,
        cast(interaction_count_365d as bigint) as interaction_count_365d,

        ---------- membership
        cast(points_change as bigint) as points_balance,
        is_member

    from with_last_purchase

)

select * from features
