{#
    Scores come from cut points between values, never from NTILE: two customers with equal values get equal
    scores. The window is one year, so that every season counts once.
#}
{%- set quantiles = [20, 40, 60, 80] -%}
{%- set dimensions = {
    'recency': 'recency_days', 'frequency': 'frequency', 'monetary': 'cast(monetary as double)'
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

tiers as (

    select * from {{ ref('int_customer_tiers') }}

),

classes as (

    select * from {{ ref('rfm_class') }}

),

class_groups as (

    select * from {{ ref('rfm_group') }}

),

measured as (

    select
        features.customer_id,
        features.as_of_date,
        features.days_since_last_order as recency_days,
        features.order_count_365d as frequency,
        features.net_spend_365d as monetary,
        tiers.is_dormant

    from features

    inner join tiers
        on features.customer_id = tiers.customer_id

),

cut_points as (

    select
        {%- for dimension, value in dimensions.items() %}
        {%- set last_dimension = loop.last %}
        {%- for quantile in quantiles %}
        percentile_cont({{ quantile / 100 }}) within group (
            order by {{ value }}
        ) as {{ dimension }}_{{ quantile }}{{ ',' if not (last_dimension and loop.last) }}
        {%- endfor %}
        {%- endfor %}

    from measured

    where frequency > 0

),

scored as (

    -- no score without an order in the window: a 1 would say that they bought, only less than others
    select
        measured.*,
        case
            when measured.frequency > 0 then 5
                {%- for quantile in quantiles %}
                - case when measured.recency_days > cut_points.recency_{{ quantile }} then 1 else 0 end
                {%- endfor %}
        end as r_score,
        {%- for score, dimension in [('f_score', 'frequency'), ('m_score', 'monetary')] %}
        case
            when measured.frequency > 0 then 1
                {%- for quantile in quantiles %}
                + case
                    when {{ dimensions[dimension] }} > cut_points.{{ dimension }}_{{ quantile }}
                        then 1
                    else 0
                end
                {%- endfor %}
        end as {{ score }}{{ ',' if not loop.last }}
        {%- endfor %}

    from measured

    cross join cut_points

),

grouped as (

    -- silence goes before scores: whoever did nothing at all for half a year is asleep, rich or not
    select
        *,
        case
            when is_dormant then 'dormant'
            when r_score >= 3 and f_score + m_score >= 8 then 'core'
            when r_score >= 3 and f_score + m_score >= 4 then 'growth'
            else 'regular'
        end as rfm_group,
        case when r_score > 3 then 'high' when r_score <= 3 then 'low' end as r_level,
        case when f_score > 3 then 'high' when f_score <= 3 then 'low' end as f_level,
        case when m_score > 3 then 'high' when m_score <= 3 then 'low' end as m_level

    from scored

),

labelled as (

    -- one class per combination of levels, one group per code
    select
        grouped.customer_id,
        grouped.as_of_date,
        cast(grouped.recency_days as bigint) as recency_days,
        cast(grouped.frequency as bigint) as frequency,
        cast(grouped.monetary as decimal(18, 2)) as monetary,
        cast(grouped.r_score as integer) as r_score,
        cast(grouped.f_score as integer) as f_score,
        cast(grouped.m_score as integer) as m_score,
        grouped.rfm_group,
        class_groups.label_zh as rfm_group_zh,
        class_groups.label_en as rfm_group_en,
        classes.code as rfm_class,
        classes.label_zh as rfm_class_zh,
        classes.label_en as rfm_class_en

    from grouped

    left join classes
        on grouped.r_level = classes.r_level
        and grouped.f_level = classes.f_level
        and grouped.m_level = classes.m_level

    left join class_groups
        on grouped.rfm_group = class_groups.code

)

select * from labelled
