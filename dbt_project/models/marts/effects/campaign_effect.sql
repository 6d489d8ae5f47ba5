{%- set numbers = [
    'treated', 'control', 'lift', 'relative_lift', 'ci_low', 'ci_high', 'minimum_detectable_effect', 'cuped_lift',
    'cuped_ci_low', 'cuped_ci_high',
] -%}

with

effects as (

    select * from {{ source('analysis', 'campaign_effect') }}

),

labels as (

    select * from {{ ref('effect_label') }}

),

labelled as (

    -- one label per code
    select
        effects.source,
        effects.campaign_id,
        effects.campaign_name,
        effects.campaign_type,
        effects.method,
        effects.segment_kind,
        effects.segment,
        effects.metric,
        metrics.label_zh as metric_zh,
        metrics.label_en as metric_en,
        cast(effects.treated_count as bigint) as treated_count,
        cast(effects.control_count as bigint) as control_count,
        {%- for number in numbers %}
        cast(effects.{{ number }} as decimal(28, 8)) as {{ number }},
        {%- endfor %}
        cast(effects.p_value as double) as p_value,
        cast(effects.p_value_adjusted as double) as p_value_adjusted,
        cast(effects.variance_reduction as double) as variance_reduction,
        effects.verdict,
        verdicts.label_zh as verdict_zh,
        verdicts.label_en as verdict_en,
        cast(effects.sample_ratio_p_value as double) as sample_ratio_p_value,
        effects.is_sample_ratio_ok,
        cast(effects.window_days as integer) as window_days,
        cast(effects.starts_on as date) as starts_on,
        cast(effects.closes_on as date) as closes_on,
        effects.is_final,
        cast(effects.as_of_date as date) as as_of_date

    from effects

    left join labels as metrics
        on metrics.kind = 'metric'
        and effects.metric = metrics.code

    left join labels as verdicts
        on verdicts.kind = 'verdict'
        and effects.verdict = verdicts.code

)

select * from labelled
