with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

thresholds as (

    select * from {{ ref('int_segment_thresholds') }} where status = 'live'

),

history as (

    select history.*

    from {{ ref('segment_history') }} as history

    inner join as_of
        on history.as_of_date = as_of.as_of_date

),

features as (

    select features.*

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

labelled as (

    -- one row per customer on both sides
    select
        history.customer_id,
        history.as_of_date,
        features.days_since_last_order as recency_days,
        cast({{ over_days('order_count', 'thresholds.rfm_window_days') }} as bigint) as frequency,
        cast({{ over_days('net_spend', 'thresholds.rfm_window_days') }} as decimal(18, 2)) as monetary,
        history.r_score,
        history.f_score,
        history.m_score,
        history.rfm_group,
        rfm_group_labels.label_zh as rfm_group_zh,
        rfm_group_labels.label_en as rfm_group_en,
        history.rfm_class,
        rfm_class_labels.label_zh as rfm_class_zh,
        rfm_class_labels.label_en as rfm_class_en,
        rfm_class_alt_labels.label_zh as rfm_class_alt_zh,
        rfm_class_alt_labels.label_en as rfm_class_alt_en

    from history

    inner join features
        on history.customer_id = features.customer_id

    cross join thresholds

    {{ label_join('rfm_group', 'history.rfm_group') }}

    {{ label_join('rfm_class', 'history.rfm_class') }}

    {{ label_join('rfm_class_alt', 'history.rfm_class') }}

)

select * from labelled
