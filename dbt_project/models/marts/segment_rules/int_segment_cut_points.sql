{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Everything that a rule compares a customer with: the settings of a version and the cut points that they give in a
    snapshot. A cut point is the least value that a share of the buyers does not exceed, so that the quantile may be a
    setting and equal values stand on one side.
#}
with

thresholds as (

    select * from {{ ref('int_segment_thresholds') }}

),

features as (

    select * from {{ ref('customer_features') }}

),

histograms as (

    select * from {{ ref('int_segment_histograms') }}

),

rates as (

    -- seasons end on the same day for everybody, so rates are of orders, not of customers
    select
        as_of_date,
        {{ rounded('cast(sum(discounted_order_count) as double) / nullif(sum(order_count), 0)', 3) }} as promo_overall_rate,
        {{ rounded(
            'cast(sum(promotion_discounted_order_count) as double) / nullif(sum(promotion_order_count), 0)', 3
        ) }} as promo_season_rate,
        {{ rounded(
            'cast(sum(discounted_order_count - promotion_discounted_order_count) as double)'
            ~ ' / nullif(sum(order_count - promotion_order_count), 0)', 3
        ) }} as promo_normal_rate

    from features

    group by as_of_date

),

shares as (

    select
        version,
        as_of_date,
        measure,
        value,
        cast(sum(customer_count) over (
            partition by version, as_of_date, measure order by value
        ) as double)
        / sum(customer_count) over (partition by version, as_of_date, measure) as share

    from histograms

),

quantiles as (

    select
        shares.version,
        shares.as_of_date,
        {%- for point in segment_quantiles() %}
        min(shares.value) filter (
            where shares.measure = '{{ point['measure'] }}' and shares.share >= thresholds.{{ point['quantile'] }}
        ) as {{ point['kind'] }}_{{ point['setting'] }}{{ ',' if not loop.last }}
        {%- endfor %}

    from shares

    inner join thresholds
        on shares.version = thresholds.version

    group by shares.version, shares.as_of_date

),

applied as (

    -- one row per version and snapshot on both sides
    select
        thresholds.*,
        rates.as_of_date,
        {%- for point in segment_quantiles() if point['kind'] == 'rfm' %}
        quantiles.rfm_{{ point['setting'] }},
        {%- endfor %}
        quantiles.value_high_spend,
        quantiles.value_potential_spend,
        greatest(
            quantiles.value_potential_orders, thresholds.value_potential_least_orders
        ) as value_potential_orders,
        greatest(
            quantiles.value_potential_departments, thresholds.value_potential_least_departments
        ) as value_potential_departments,
        coalesce(
            quantiles.lifecycle_second_purchase_dormant_days, thresholds.lifecycle_one_time_dormant_days
        ) as lifecycle_second_purchase_dormant_days,
        greatest(
            coalesce(quantiles.lifecycle_second_purchase_lost_days, thresholds.lifecycle_one_time_lost_days),
            quantiles.lifecycle_second_purchase_dormant_days + 1
        ) as lifecycle_second_purchase_lost_days,
        rates.promo_overall_rate,
        rates.promo_season_rate,
        rates.promo_normal_rate

    from rates

    cross join thresholds

    left join quantiles
        on thresholds.version = quantiles.version
        and rates.as_of_date = quantiles.as_of_date

)

select * from applied
