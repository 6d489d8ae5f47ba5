{%- set behaviour = [
    'view_count', 'search_count', 'favorite_count', 'cart_count', 'share_count', 'session_count', 'dwell_seconds',
    'active_days'
] %}
{#- four times as many do not fit into 2 GB #}
{%- set some = some_at_a_time(ref('int_customer_profiles'), rows=250000) %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    -- everybody known by as_of_date, and nobody else
    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

    where {{ some }}

),

profiles as (

    select * from {{ ref('int_customer_profiles') }} where {{ some }}

),

repairs as (

    select * from {{ ref('int_customer_repairs') }} where {{ some }}

),

places as (

    select * from {{ ref('int_customer_places') }} where {{ some }}

),

contactability as (

    select * from {{ ref('int_customer_contactability') }} where {{ some }}

),

orders as (

    select * from {{ ref('int_customer_orders') }} where {{ some }}

),

preferences as (

    select * from {{ ref('int_customer_preferences') }} where {{ some }}

),

visits as (

    select * from {{ ref('int_customer_visits') }} where {{ some }}

),

opinions as (

    select * from {{ ref('int_customer_opinions') }} where {{ some }}

),

intents as (

    select * from {{ ref('int_customer_intents') }} where {{ some }}

),

scores as (

    select * from {{ ref('int_customer_scores') }} where {{ some }}

),

segments as (

    select * from {{ ref('segment_history') }} where {{ some }}

),

rfm as (

    select * from {{ ref('customer_rfm') }} where {{ some }}

),

lifecycle as (

    select * from {{ ref('customer_lifecycle') }} where {{ some }}

),

interests as (

    select * from {{ ref('customer_interest') }} where rank = 1 and {{ some }}

),

interest_segments as (

    select * from {{ ref('customer_interest_segment') }} where {{ some }}

),

tags as (

    select
        customer_id,
        {{ ordered_list('tag_code') }} as tags,
        count(*) as tag_count

    from {{ ref('customer_tag') }}

    where valid_to is null and {{ some }}

    group by customer_id

),

clusters as (

    select * from {{ ref('customer_cluster') }} where {{ some }}

),

churn_scores as (

    select * from {{ ref('customer_churn_score') }} where {{ some }}

),

values_ahead as (

    select * from {{ ref('customer_clv') }} where {{ some }}

),

next_actions as (

    select * from {{ ref('customer_next_action') }} where {{ some }}

),

completed as (

    -- at most one repair per customer; what somebody states is never replaced
    select
        profiles.*,
        coalesce(profiles.gender, repairs.gender, 'unknown') as known_gender,
        coalesce(profiles.gender_source, repairs.gender_source) as known_gender_source,
        profiles.gender is null and repairs.gender is not null as gender_is_imputed,
        coalesce(profiles.birth_date, repairs.birth_date) as known_birth_date,
        coalesce(profiles.birth_date_source, repairs.birth_date_source) as known_birth_date_source,
        profiles.birth_date is null and repairs.birth_date is not null as birth_date_is_imputed

    from profiles

    left join repairs
        on profiles.customer_id = repairs.customer_id

),

aged as (

    select
        completed.*,
        {{ age_on('completed.known_birth_date', 'as_of.as_of_date') }} as age

    from completed

    cross join as_of

),

combined as (

    -- one row per customer on every side
    select
        ---------- key
        features.customer_id,
        features.as_of_date,

        ---------- profile
        coalesce(aged.known_gender, 'unknown') as gender,
        aged.known_gender_source as gender_source,
        coalesce(aged.gender_is_imputed, false) as gender_is_imputed,
        aged.age,
        {{ age_band('aged.age') }} as age_band,
        aged.known_birth_date_source as age_source,
        coalesce(aged.birth_date_is_imputed, false) as age_is_imputed,
        places.province,
        places.city,
        places.province_code,
        places.city_code,
        places.city_tier,
        places.place_source,
        coalesce(places.place_is_imputed, false) as place_is_imputed,
        aged.occupation,
        aged.occupation_source,
        aged.income_band,
        aged.income_band_source,
        cast(aged.household_size as integer) as household_size,
        aged.household_size_source,
        features.is_member,
        aged.member_tier,
        features.points_balance,
        cast(aged.record_count as bigint) as record_count,
        cast(aged.source_count as bigint) as source_count,
        aged.sources,
        visits.channels,

        ---------- contactability
        {%- for identifier in ['phone', 'email', 'device', 'wechat'] %}
        contactability.has_{{ identifier }},
        {%- endfor %}
        {%- for medium in ['sms', 'email', 'push', 'ads'] %}
        contactability.consents_{{ medium }},
        {%- endfor %}
        contactability.is_contactable_sms,
        contactability.is_contactable_email,
        contactability.is_contactable_push,
        contactability.is_contactable_ads,

        ---------- first and last times
        orders.first_order_at,
        orders.last_order_at,
        visits.first_event_at,
        visits.last_event_at,
        cast(
            {{ add_days('features.as_of_date', '-features.tenure_days') }} as date
        ) as first_seen_date,
        cast(
            {{ add_days('features.as_of_date', '-features.days_since_last_seen') }} as date
        ) as last_seen_date,
        features.tenure_days,
        features.days_since_last_order,
        features.days_since_last_event as days_since_last_visit,
        features.days_since_last_interaction,
        -- the habit of returning says when the next order would be due
        cast(
            {{ add_days(
                'features.as_of_date',
                'cast(round(features.median_days_between_orders) as integer) - features.days_since_last_order'
            ) }} as date
        ) as next_order_due_on,

        ---------- value
        cast(coalesce(orders.order_count, 0) as bigint) as order_count,
        cast(coalesce(orders.gross_spend, 0) as decimal(18, 2)) as gross_spend,
        cast(coalesce(orders.refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
        cast(coalesce(orders.net_spend, 0) as decimal(18, 2)) as net_spend,
        features.average_order_value,
        {%- for length in [30, 90, 365] %}
        features.order_count_{{ length }}d,
        features.net_spend_{{ length }}d,
        {%- endfor %}
        features.purchase_day_count,
        cast(features.purchase_day_count - 1 as double)
        / nullif(features.purchase_day_count, 0) as repurchase_rate,
        features.refund_share,
        cast(preferences.gross_margin as decimal(18, 2)) as gross_margin,
        preferences.margin_coverage,

        ---------- behaviour
        {%- for length in [30, 90, 365] %}
        {%- for measure in behaviour %}
        features.{{ measure }}_{{ length }}d,
        {%- endfor %}
        {%- endfor %}

        ---------- habits
        preferences.preferred_category,
        preferences.preferred_brand,
        preferences.preferred_channel,
        cast(preferences.preferred_hour as integer) as preferred_hour,
        cast(preferences.preferred_weekday as integer) as preferred_weekday,
        features.median_days_between_orders,
        cast(features.unit_count as double) / nullif(features.order_count, 0) as units_per_order,
        features.distinct_category_count,
        features.distinct_product_count,
        features.distinct_channel_count,
        {%- for part in ['store', 'weekend', 'morning', 'afternoon', 'evening', 'night'] %}
        features.{{ part }}_order_share,
        {%- endfor %}

        ---------- price and promotion
        features.discount_share,
        cast(features.discounted_order_count as double)
        / nullif(features.order_count, 0) as discounted_order_share,
        features.coupon_order_share,
        segments.promo_sensitivity,

        ---------- interests
        interests.interest as top_interest,
        interests.label_zh as top_interest_zh,
        interests.label_en as top_interest_en,
        interests.strength as top_interest_strength,
        interest_segments.interest_segment,
        interest_segments.label_zh as interest_segment_zh,
        interest_segments.label_en as interest_segment_en,

        ---------- intent
        intents.intent_category,
        cast(coalesce(intents.intent_score, 0) as double) as intent_score,
        cast(coalesce(intents.intent_category_count, 0) as bigint) as intent_category_count,

        ---------- voice and reach
        features.review_count,
        features.average_rating,
        features.positive_review_share,
        cast(opinions.sentiment_score as double) as sentiment_score,
        opinions.most_praised_aspect,
        opinions.most_criticised_aspect,
        features.referral_count,
        scores.follower_count,
        visits.followed_channels,
        scores.influence_score,

        ---------- answers to campaigns
        features.message_count_365d,
        cast(features.message_open_count_365d as double)
        / nullif(features.message_count_365d, 0) as message_open_rate_365d,
        cast(features.message_click_count_365d as double)
        / nullif(features.message_count_365d, 0) as message_click_rate_365d,
        features.coupon_redemption_count_365d,

        ---------- sub-scores
        scores.activity_score,
        scores.loyalty_score,
        scores.purchasing_power_score,

        ---------- segments
        rfm.rfm_group,
        rfm.rfm_class,
        segments.activity_tier,
        segments.value_tier,
        lifecycle.stage as lifecycle_stage,
        {%- for vocabulary in ['lifecycle_new_old', 'lifecycle_activity', 'lifecycle_loyalty', 'aipl'] %}
        lifecycle.{{ vocabulary }},
        {%- endfor %}
        clusters.cluster_id,
        clusters.label_en as cluster_label,
        clusters.label_zh as cluster_label_zh,
        clusters.label_en as cluster_label_en,

        ---------- outlook
        churn_scores.churn_probability,
        churn_scores.risk_band as churn_risk_band,
        -- whoever never ordered has no row there
        values_ahead.probability_alive,
        values_ahead.expected_orders_12m,
        cast(coalesce(values_ahead.clv_12m, 0) as decimal(18, 2)) as clv_12m,
        values_ahead.clv_low as clv_12m_low,
        values_ahead.clv_high as clv_12m_high,
        cast(coalesce(tags.tag_count, 0) as bigint) as tag_count,
        tags.tags,
        next_actions.next_action,
        next_actions.next_action_zh,
        next_actions.next_action_en

    from features

    left join aged
        on features.customer_id = aged.customer_id

    left join places
        on features.customer_id = places.customer_id

    left join contactability
        on features.customer_id = contactability.customer_id

    left join orders
        on features.customer_id = orders.customer_id

    left join preferences
        on features.customer_id = preferences.customer_id

    left join visits
        on features.customer_id = visits.customer_id

    left join opinions
        on features.customer_id = opinions.customer_id

    left join intents
        on features.customer_id = intents.customer_id

    left join scores
        on features.customer_id = scores.customer_id

    left join segments
        on features.customer_id = segments.customer_id
        and features.as_of_date = segments.as_of_date

    left join rfm
        on features.customer_id = rfm.customer_id

    left join lifecycle
        on features.customer_id = lifecycle.customer_id

    -- interests, clusters and scores are of one day, which after a micro-batch is that of the last daily run
    left join interests
        on features.customer_id = interests.customer_id

    left join interest_segments
        on features.customer_id = interest_segments.customer_id

    left join tags
        on features.customer_id = tags.customer_id

    left join clusters
        on features.customer_id = clusters.customer_id

    left join churn_scores
        on features.customer_id = churn_scores.customer_id

    left join values_ahead
        on features.customer_id = values_ahead.customer_id

    left join next_actions
        on features.customer_id = next_actions.customer_id

)

select * from combined
