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

),

profiles as (

    select * from {{ ref('int_customer_profiles') }}

),

repairs as (

    select * from {{ ref('int_customer_repairs') }}

),

places as (

    select * from {{ ref('int_customer_places') }}

),

contactability as (

    select * from {{ ref('int_customer_contactability') }}

),

orders as (

    select * from {{ ref('int_customer_orders') }}

),

preferences as (

    select * from {{ ref('int_customer_preferences') }}

),

voices as (

    select * from {{ ref('int_customer_voices') }}

),

tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

clusters as (

    select * from {{ ref('customer_cluster') }}

),

churn_scores as (

    select * from {{ ref('customer_churn_score') }}

),

strategies as (

    select * from {{ ref('strategy_catalogue') }}

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

    -- a birthday counts from its day on
    select
        completed.*,
        extract(year from as_of.as_of_date) - extract(year from completed.known_birth_date)
        - case
            when extract(month from as_of.as_of_date) * 100 + extract(day from as_of.as_of_date)
                < extract(month from completed.known_birth_date) * 100
                + extract(day from completed.known_birth_date)
                then 1
            else 0
        end as age

    from completed

    cross join as_of

),

combined as (

    -- one row per customer on every side; one strategy per stage and group
    select
        ---------- key
        features.customer_id,
        features.as_of_date,

        ---------- profile
        coalesce(aged.known_gender, 'unknown') as gender,
        aged.known_gender_source as gender_source,
        coalesce(aged.gender_is_imputed, false) as gender_is_imputed,
        cast(case when aged.age between 0 and 120 then aged.age end as integer) as age,
        case
            when aged.age < 0 or aged.age > 120 then null
            when aged.age < 18 then 'under_18'
            when aged.age < 25 then '18_24'
            when aged.age < 35 then '25_34'
            when aged.age < 45 then '35_44'
            when aged.age < 55 then '45_54'
            when aged.age < 65 then '55_64'
            when aged.age >= 65 then '65_plus'
        end as age_band,
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
        cast(aged.record_count as bigint) as record_count,
        cast(aged.source_count as bigint) as source_count,
        aged.sources,
        voices.channels,

        ---------- contactability
        contactability.is_contactable_sms,
        contactability.is_contactable_email,
        contactability.is_contactable_push,
        contactability.is_contactable_ads,

        ---------- first and last times
        orders.first_order_at,
        orders.last_order_at,
        voices.first_event_at,
        voices.last_event_at,
        cast(
            {{ add_days('features.as_of_date', '-features.tenure_days') }} as date
        ) as first_seen_date,
        cast(
            {{ add_days('features.as_of_date', '-features.days_since_last_seen') }} as date
        ) as last_seen_date,

        ---------- value
        cast(coalesce(orders.order_count, 0) as bigint) as order_count,
        cast(coalesce(orders.gross_spend, 0) as decimal(18, 2)) as gross_spend,
        cast(coalesce(orders.refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
        cast(coalesce(orders.net_spend, 0) as decimal(18, 2)) as net_spend,
        features.average_order_value,
        cast(features.purchase_day_count - 1 as double)
        / nullif(features.purchase_day_count, 0) as repurchase_rate,

        ---------- preferences and voice
        preferences.preferred_category,
        preferences.preferred_brand,
        preferences.preferred_channel,
        preferences.promo_sensitivity,
        cast(voices.sentiment_score as double) as sentiment_score,
        cast(voices.influence_score as double) as influence_score,

        ---------- segments
        rfm.rfm_group,
        rfm.rfm_class,
        tiers.activity_tier,
        tiers.value_tier,
        lifecycle.stage as lifecycle_stage,
        clusters.cluster_id,
        clusters.label_en as cluster_label,
        clusters.label_zh as cluster_label_zh,
        clusters.label_en as cluster_label_en,

        ---------- outlook
        churn_scores.churn_probability,
        churn_scores.risk_band as churn_risk_band,
        cast(
            cast(features.net_spend_365d as double)
            * (1 - coalesce(churn_scores.churn_probability, 0)) as decimal(18, 2)
        ) as clv_12m,
        strategies.next_action,
        strategies.next_action_zh,
        strategies.next_action_en

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

    left join voices
        on features.customer_id = voices.customer_id

    left join tiers
        on features.customer_id = tiers.customer_id

    left join rfm
        on features.customer_id = rfm.customer_id

    left join lifecycle
        on features.customer_id = lifecycle.customer_id

    left join clusters
        on features.customer_id = clusters.customer_id
        and features.as_of_date = clusters.as_of_date

    left join churn_scores
        on features.customer_id = churn_scores.customer_id
        and features.as_of_date = churn_scores.as_of_date

    left join strategies
        on lifecycle.stage = strategies.lifecycle_stage
        and rfm.rfm_group = strategies.rfm_group

)

select * from combined
