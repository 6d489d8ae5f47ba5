{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Outcomes of campaigns as sums, so that no customer has to be read to judge one: per arm how many, and of the outcome y,
    its denominator z where it is a ratio (else 0), and what was known before (x1 to x4) the sums and the sums of all
    products of two. Statistics are made of these in orchestration/analysis/effects.
#}
{%- set covariates = ['net_spend_365d', 'order_count_365d', 'order_count_90d', 'event_count_90d'] -%}
{%- set variables = ['y', 'z', 'x1', 'x2', 'x3', 'x4'] -%}
{%- set metrics = [
    ('visit_rate', 'has_visited', '0', 'can_be_seen'),
    ('conversion_rate', 'has_ordered', '0', 'true'),
    ('orders_per_customer', 'order_count', '0', 'true'),
    ('average_order_value', 'net_spend', 'order_count', 'true'),
    ('arpu', 'net_spend', '0', 'true'),
    ('repurchase_rate', 'has_ordered', '0', 'had_bought'),
    ('retention_rate', 'has_returned', '0', 'was_active'),
    ('open_rate', 'has_opened', '0', 'is_treated'),
    ('click_rate', 'has_clicked', '0', 'is_treated'),
    ('redemption_rate', 'has_redeemed', '0', 'is_treated'),
] %}

with

arms as (

    select * from {{ ref('int_campaign_arms') }}

),

answers as (

    -- what was answered after the day of the run is not known yet
    select
        touches.source,
        touches.campaign_id,
        touches.customer_id,
        {%- for answer in ['opened', 'clicked', 'redeemed'] %}
        max(case when touches.touch_type = '{{ answer }}' then 1 else 0 end) as has_{{ answer }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ ref('campaign_touches') }} as touches

    inner join {{ ref('int_run__as_of') }} as as_of
        on touches.touched_at < as_of.as_of_end_at

    where touches.touch_type in ('opened', 'clicked', 'redeemed') and touches.customer_id is not null

    group by touches.source, touches.campaign_id, touches.customer_id

),

units as (

    -- at most one row per customer of a campaign on every side
    select
        arms.source,
        arms.campaign_id,
        arms.method,
        arms.is_treated,
        coalesce(segments.rfm_group, 'unknown') as segment,
        case
            when arms.method = 'holdout' then 'all'
            else concat(
                segments.rfm_group, '|', coalesce(cast(segments.r_score as string), '-'), '|',
                coalesce(cast(segments.m_score as string), '-'), '|', segments.activity_tier
            )
        end as stratum,
        coalesce(outcomes.order_count, 0) as order_count,
        coalesce(outcomes.net_spend, 0) as net_spend,
        case when outcomes.order_count > 0 then 1 else 0 end as has_ordered,
        case when outcomes.visit_day_count > 0 then 1 else 0 end as has_visited,
        case when outcomes.has_returned then 1 else 0 end as has_returned,
        coalesce(answers.has_opened, 0) as has_opened,
        coalesce(answers.has_clicked, 0) as has_clicked,
        coalesce(answers.has_redeemed, 0) as has_redeemed,
        coalesce(features.order_count > 0, false) as had_bought,
        coalesce(features.order_count_90d + features.event_count_90d > 0, false) as was_active,
        arms.can_be_seen,
        {%- for covariate in covariates %}
        cast(coalesce(features.{{ covariate }}, 0) as decimal(18, 2)) as x{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}

    from arms

    left join {{ ref('customer_features') }} as features
        on arms.customer_id = features.customer_id
        and arms.snapshot_date = features.as_of_date

    left join {{ ref('segment_history') }} as segments
        on arms.customer_id = segments.customer_id
        and arms.snapshot_date = segments.as_of_date

    left join {{ ref('int_campaign_outcomes') }} as outcomes
        on arms.source = outcomes.source
        and arms.campaign_id = outcomes.campaign_id
        and arms.customer_id = outcomes.customer_id

    left join answers
        on arms.source = answers.source
        and arms.campaign_id = answers.campaign_id
        and arms.customer_id = answers.customer_id

    -- nobody can be like a customer of whom nothing was known
    where arms.method = 'holdout' or segments.customer_id is not null

),

measured as (
    {% for metric, outcome, denominator, condition in metrics %}
    select
        source, campaign_id, method, segment, stratum, is_treated, x1, x2, x3, x4,
        '{{ metric }}' as metric,
        cast({{ outcome }} as decimal(18, 2)) as y,
        cast({{ denominator }} as decimal(18, 2)) as z

    from units

    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

moments as (

    select
        source,
        campaign_id,
        method,
        segment,
        stratum,
        metric,
        is_treated,
        count(*) as unit_count,
        {%- for variable in variables %}
        {%- set first = loop.index0 %}
        sum({{ variable }}) as sum_{{ variable }},
        {%- for other in variables[first:] %}
        sum({{ variable }} * {{ other }}) as sum_{{ variable }}_{{ other }},
        {%- endfor %}
        {%- endfor %}
        sum(case when y <> 0 then 1 else 0 end) as nonzero_count

    from measured

    group by source, campaign_id, method, segment, stratum, metric, is_treated

)

select * from moments
