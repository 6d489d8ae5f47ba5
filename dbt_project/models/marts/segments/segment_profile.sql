{#
    What sets each segment apart today. Means are taken of decimals, so that they do not depend on the order in which
    rows are added up.
#}
{%- set profile_kinds = ['gender', 'age_band', 'city_tier', 'cluster', 'interest_segment'] -%}
{%- set kinds = segment_kinds() + profile_kinds -%}
{%- set named_by_models = {
    'cluster': ('customer_cluster', 'cast(cluster_id as string)'),
    'interest_segment': ('customer_interest_segment', 'interest_segment'),
} -%}
{%- set features = [
    'tenure_days', 'days_since_last_order', 'days_since_last_interaction', 'order_count_365d', 'net_spend_365d',
    'average_order_value', 'mean_days_between_orders', 'discount_share', 'coupon_order_share', 'refund_share',
    'distinct_category_count', 'distinct_channel_count', 'store_order_share', 'night_order_share',
    'weekend_order_share', 'view_count_90d', 'search_count_90d', 'favorite_count_90d', 'cart_count_90d',
    'active_days_90d', 'share_count_365d', 'message_open_count_365d', 'average_rating', 'points_balance',
] -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

labels as (

    -- clusters and groups of interest name themselves
    select kind, code, label_zh, label_en, suggestion_zh, suggestion_en from {{ ref('segment_label') }}

    {% for kind, (model, code) in named_by_models.items() -%}
    union all

    select distinct '{{ kind }}', {{ code }}, label_zh, label_en, cast(null as string), cast(null as string)

    from {{ ref(model) }}
    {% endfor %}
),

members as (

    -- one row per customer on every side
    select
        history.*,
        customers.gender,
        coalesce(customers.age_band, 'unknown') as age_band,
        coalesce(customers.city_tier, 'unknown') as city_tier,
        cast(customers.cluster_id as string) as cluster,
        customers.interest_segment,
        {%- for feature in features %}
        {{ rounded_decimal('features.' ~ feature, 18, 4) }} as {{ feature }},
        {%- endfor %}
        {{ rounded_decimal('history.promo_sensitivity', 18, 4) }} as promo_sensitivity_score

    from {{ ref('segment_history') }} as history

    inner join as_of
        on history.as_of_date = as_of.as_of_date

    inner join {{ ref('customer_features') }} as features
        on history.customer_id = features.customer_id
        and history.as_of_date = features.as_of_date

    inner join {{ ref('customer_360') }} as customers
        on history.customer_id = customers.customer_id

),

grouped as (
    {% for kind in ['(everybody)'] + kinds %}
    select
        '{{ kind }}' as kind,
        {{ "cast(null as string)" if loop.first else kind }} as segment,
        count(*) as customer_count,
        {%- for feature in features %}
        cast(avg({{ feature }}) as double) as {{ feature }},
        {%- endfor %}
        cast(avg(promo_sensitivity_score) as double) as promo_sensitivity,
        sum(net_spend_365d) as revenue

    from members

    where {{ 'true' if loop.first else kind ~ ' is not null' }}

    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

listed as (

    -- one row per group and feature; a query per feature would have Spark plan every group anew for each
    select
        grouped.kind,
        grouped.segment,
        grouped.customer_count,
        grouped.revenue,
        named.feature,
        case named.feature
            {%- for feature in features + ['promo_sensitivity'] %}
            when '{{ feature }}' then grouped.{{ feature }}
            {%- endfor %}
        end as mean

    from grouped

    cross join (values ('{{ (features + ['promo_sensitivity']) | join("'), ('") }}')) as named (feature)

),

compared as (

    -- one overall row per feature; at most one label per kind and code
    select
        segments.kind,
        segments.segment,
        labels.label_zh,
        labels.label_en,
        as_of.as_of_date,
        segments.feature,
        {{ rounded('segments.mean', 4) }} as segment_mean,
        {{ rounded('overall.mean', 4) }} as overall_mean,
        {{ rounded('segments.mean / nullif(overall.mean, 0)', 4) }} as lift,
        cast(segments.customer_count as bigint) as customer_count,
        cast(segments.customer_count as double) / overall.customer_count as customer_share,
        cast(segments.revenue as double) / nullif(cast(overall.revenue as double), 0) as revenue_share,
        labels.suggestion_zh,
        labels.suggestion_en

    from listed as segments

    inner join listed as overall
        on segments.feature = overall.feature
        and overall.kind = '(everybody)'

    cross join as_of

    left join labels
        on segments.kind = labels.kind
        and segments.segment = labels.code

    where segments.kind <> '(everybody)'

)

select * from compared
