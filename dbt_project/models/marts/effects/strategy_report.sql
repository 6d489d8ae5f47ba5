{%- set amounts = ['arpu_treated', 'arpu_control', 'arpu_lift', 'arpu_ci_low', 'arpu_ci_high', 'cost_per_head'] -%}
{%- set shares = [
    'arpu_p_value', 'conversion_treated', 'conversion_control', 'conversion_lift', 'conversion_ci_low',
    'conversion_ci_high', 'conversion_p_value',
] -%}

with

strategies as (

    select * from {{ source('analysis', 'strategy_report') }}

),

labels as (

    select * from {{ ref('effect_label') }} where kind = 'recommendation'

),

labelled as (

    -- one label per code
    select
        strategies.campaign_type,
        strategies.segment_kind,
        strategies.segment,
        cast(strategies.months as integer) as months,
        strategies.recommendation,
        labels.label_zh as recommendation_zh,
        labels.label_en as recommendation_en,
        strategies.reason_zh,
        strategies.reason_en,
        cast(strategies.more_customers_needed as bigint) as more_customers_needed,
        cast(strategies.campaign_count as integer) as campaign_count,
        cast(strategies.treated_count as bigint) as treated_count,
        cast(strategies.control_count as bigint) as control_count,
        {%- for amount in amounts %}
        cast(strategies.{{ amount }} as decimal(18, 2)) as {{ amount }},
        {%- endfor %}
        {%- for share in shares %}
        cast(strategies.{{ share }} as double) as {{ share }},
        {%- endfor %}
        cast(strategies.first_started_on as date) as first_started_on,
        cast(strategies.last_closed_on as date) as last_closed_on,
        cast(strategies.as_of_date as date) as as_of_date

    from strategies

    left join labels
        on strategies.recommendation = labels.code

)

select * from labelled
