{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    How the values that cut points are taken from are spread in each snapshot. Money is rounded to three digits, up for
    cut points that have to be exceeded and down for those that have to be reached.
#}
{%- set buyers = 'measured.frequency > 0' -%}
{%- set spenders = 'measured.spend > 0' -%}
{%- set histograms = {
    'recency': ('days_since_last_order', buyers),
    'frequency': ('frequency', buyers),
    'monetary': (three_digits('monetary', 'up'), buyers),
    'spend': (three_digits('spend', 'down'), spenders),
    'orders': ('value_orders', spenders),
    'departments': ('distinct_category_count', spenders),
} -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

thresholds as (

    select * from {{ ref('int_segment_thresholds') }}

),

features as (

    select * from {{ ref('customer_features') }}

),

second_purchases as (

    select * from {{ ref('int_customer_purchases') }} where purchase_number = 2

),

measured as (

    select
        thresholds.version,
        features.as_of_date,
        features.days_since_last_order,
        features.distinct_category_count,
        {{ over_days('order_count', 'thresholds.rfm_window_days') }} as frequency,
        cast({{ over_days('net_spend', 'thresholds.rfm_window_days') }} as double) as monetary,
        {{ over_days('order_count', 'thresholds.value_window_days') }} as value_orders,
        cast({{ over_days('net_spend', 'thresholds.value_window_days') }} as double) as spend

    from features

    cross join thresholds

),

snapshots as (

    select distinct as_of_date from features

),

second_purchase_days as (

    select {{ feature_date('second_purchases.purchase_date') }} as as_of_date, gap_days, count(*) as customer_count

    from second_purchases

    cross join as_of

    group by 1, 2

),

histograms as (
    {% for measure, (value, rows) in histograms.items() %}
    select
        version,
        as_of_date,
        '{{ measure }}' as measure,
        cast({{ value }} as double) as value,
        count(*) as customer_count

    from measured

    where {{ rows }}

    group by 1, 2, 3, 4

    union all
    {% endfor %}
    select
        thresholds.version,
        snapshots.as_of_date,
        'second_purchase_wait',
        cast(second_purchase_days.gap_days as double),
        sum(second_purchase_days.customer_count)

    from second_purchase_days

    inner join snapshots
        on second_purchase_days.as_of_date <= snapshots.as_of_date

    cross join thresholds

    group by 1, 2, 3, 4

)

select * from histograms
