{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# People whom a candidate version and the live one judge alike at a month-end, and what they did afterwards. #}
{%- set months, outcome_days = 12, 90 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

candidate_rules as (

    select * from {{ ref('int_segment_cut_points') }} where status = 'candidate'

),

rules as (

    select *

    from (
        select
            candidate_rules.*,
            dense_rank() over (order by candidate_rules.as_of_date desc) as months_ago

        from candidate_rules

        inner join as_of
            on candidate_rules.as_of_date < as_of.as_of_date
    ) as closed

    where months_ago <= {{ months }}

),

features as (

    select *

    from {{ ref('customer_features') }}

    where as_of_date in (select as_of_date from rules)

),

{{ segment_steps() }},

history as (

    select *

    from {{ ref('segment_history') }}

    where as_of_date in (select as_of_date from rules)

),

days as (

    select * from {{ ref('int_customer_days') }}

),

outcome_months as (

    -- months of which the days afterwards are over
    select distinct rules.as_of_date

    from rules

    inner join as_of
        on {{ add_days('rules.as_of_date', outcome_days) }} <= as_of.as_of_date

),

outcomes as (

    select
        days.customer_id,
        outcome_months.as_of_date,
        sum(days.net_amount) as net_spend,
        max(case when days.order_count > 0 then 1 else 0 end) as has_ordered

    from outcome_months

    inner join days
        on days.activity_date > outcome_months.as_of_date
        and days.activity_date <= {{ add_days('outcome_months.as_of_date', outcome_days) }}

    group by days.customer_id, outcome_months.as_of_date

),

paths as (

    -- one row per customer and snapshot on every side
    select
        segmented.version as candidate_version,
        segmented.as_of_date,
        outcome_months.as_of_date is not null as has_outcome,
        {%- for kind in segment_kinds() %}
        history.{{ kind }} as live_{{ kind }},
        segmented.{{ kind }} as candidate_{{ kind }},
        {%- endfor %}
        count(*) as customer_count,
        sum(coalesce(outcomes.net_spend, 0)) as net_spend,
        sum(coalesce(outcomes.has_ordered, 0)) as buyer_count

    from segmented

    inner join history
        on segmented.customer_id = history.customer_id
        and segmented.as_of_date = history.as_of_date

    left join outcome_months
        on segmented.as_of_date = outcome_months.as_of_date

    left join outcomes
        on segmented.customer_id = outcomes.customer_id
        and segmented.as_of_date = outcomes.as_of_date

    group by all

)

select * from paths
