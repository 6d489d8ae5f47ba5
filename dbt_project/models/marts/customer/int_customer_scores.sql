{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Sub-scores from 0 to 1: the mean percent rank of a customer among all customers of the day in a few measures that
    speak of one thing. Equal values rank equal, and nobody ranks below those who did nothing.
#}
{%- set scores = {
    'activity_score': ['interaction_count_365d', 'active_days_90d', 'recency'],
    'loyalty_score': ['purchase_day_count_365d', 'purchase_day_count', 'known_days', 'repeat_share'],
    'purchasing_power_score': ['net_spend_365d', 'average_order_value', 'average_unit_price'],
    'influence_score': ['share_count_365d', 'referral_count', 'follower_count'],
} -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

followers as (

    -- accounts on several platforms reach different people
    select customer_id, sum(follower_count) as follower_count

    from {{ ref('int_customer_records') }}

    group by customer_id

),

measures as (

    -- at most one row of followers per customer; no act, no order and no money count as zero; spend may be negative
    -- when refunds outweigh
    select
        features.customer_id,
        interaction_count_365d,
        active_days_90d,
        coalesce(cast(1 as double) / (1 + days_since_last_interaction), 0) as recency,
        purchase_day_count_365d,
        purchase_day_count,
        case when purchase_day_count > 0 then coalesce(tenure_days, 0) else 0 end as known_days,
        coalesce(cast(purchase_day_count - 1 as double) / nullif(purchase_day_count, 0), 0) as repeat_share,
        greatest(net_spend_365d, 0) as net_spend_365d,
        greatest(coalesce(average_order_value, 0), 0) as average_order_value,
        coalesce(cast(gross_spend as double) / nullif(cast(unit_count as double), 0), 0) as average_unit_price,
        share_count_365d,
        referral_count,
        cast(coalesce(followers.follower_count, 0) as bigint) as follower_count

    from features

    left join followers
        on features.customer_id = followers.customer_id

),

ranked as (

    select
        customer_id,
        follower_count,
        {%- for measures in scores.values() %}
        {%- set last_score = loop.last %}
        {%- for measure in measures %}
        percent_rank() over (order by {{ measure }}) as {{ measure }}_rank{{ ',' if not (last_score and loop.last) }}
        {%- endfor %}
        {%- endfor %}

    from measures

),

scored as (

    select
        customer_id,
        follower_count,
        {%- for score, measures in scores.items() %}
        {%- set ranks = measures | join('_rank + ') ~ '_rank' %}
        {{ rounded('(' ~ ranks ~ ') / ' ~ measures | length, 6) }} as {{ score }}{{ ',' if not loop.last }}
        {%- endfor %}

    from ranked

)

select * from scored
