{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What each customer of an experiment was like at the last month-end before it began, and what followed. Whoever
    was not known by then is left out, in both arms.
#}
{%- set features = [
    'order_count', 'order_count_90d', 'order_count_365d', 'net_spend_365d', 'average_order_value',
    'distinct_category_count', 'event_count_90d', 'message_count_365d', 'message_open_count_365d',
    'message_click_count_365d', 'coupon_redemption_count_365d', 'discount_share', 'coupon_order_share',
    'store_order_share', 'days_since_last_order', 'tenure_days', 'is_member',
] %}

with

arms as (

    -- what is over, and was asked for as long as the answers of today will be
    select *

    from {{ ref('int_campaign_arms') }}

    where method = 'holdout' and is_final and window_days = {{ campaign_window_days() }}

),

features as (

    -- a snapshot that an earlier run left in the middle of a month is no month-end
    select *

    from {{ ref('customer_features') }}

    where as_of_date = cast({{ dbt.last_day('as_of_date', 'month') }} as date)

),

outcomes as (

    select * from {{ ref('int_campaign_outcomes') }}

),

segments as (

    select * from {{ ref('segment_history') }}

),

snapshots as (

    select
        arms.source,
        arms.campaign_id,
        max(dates.as_of_date) as snapshot_date

    from (select distinct source, campaign_id, starts_on from arms) as arms

    inner join (select distinct as_of_date from features) as dates
        on arms.starts_on > dates.as_of_date

    group by arms.source, arms.campaign_id

),

joined as (

    -- one snapshot per campaign, one row of features and segments and at most one outcome per customer of it
    select
        arms.source,
        arms.campaign_id,
        arms.customer_id,
        arms.starts_on,
        arms.closes_on,
        arms.window_days,
        arms.has_coupon,
        arms.holdout_share,
        arms.is_treated,
        coalesce(outcomes.order_count, 0) > 0 as has_ordered,
        cast(coalesce(outcomes.net_spend, 0) as decimal(18, 2)) as net_spend,
        features.as_of_date as snapshot_date,
        {%- for feature in features %}
        features.{{ feature }},
        {%- endfor %}
        segments.promo_sensitivity

    from arms

    inner join snapshots
        on arms.source = snapshots.source
        and arms.campaign_id = snapshots.campaign_id

    inner join features
        on arms.customer_id = features.customer_id
        and snapshots.snapshot_date = features.as_of_date

    left join segments
        on features.customer_id = segments.customer_id
        and features.as_of_date = segments.as_of_date

    left join outcomes
        on arms.source = outcomes.source
        and arms.campaign_id = outcomes.campaign_id
        and arms.customer_id = outcomes.customer_id

)

select * from joined
