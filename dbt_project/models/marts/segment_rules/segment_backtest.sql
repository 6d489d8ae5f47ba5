{#
    A candidate version beside the live one over the last twelve closed month-ends: who would have been in which
    segment, and what the members did afterwards. No rows while no version is a candidate.
#}
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

live_versions as (

    select version from {{ ref('int_segment_thresholds') }} where status = 'live'

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

    -- who is judged alike by both versions is one row here; one row per customer and snapshot on every side
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

),

memberships as (
    {% for kind in segment_kinds() %}
    {%- set last_kind = loop.last %}
    {%- for side in ['live', 'candidate'] %}
    select
        '{{ kind }}' as kind,
        '{{ side }}' as side,
        {{ side }}_{{ kind }} as segment,
        live_{{ kind }} = candidate_{{ kind }} as has_stayed,
        candidate_version,
        as_of_date,
        has_outcome,
        customer_count,
        net_spend,
        buyer_count

    from paths
    {{ 'union all' if not (last_kind and loop.last) }}
    {% endfor %}
    {%- endfor %}
),

compared as (

    select
        memberships.kind,
        memberships.segment,
        memberships.as_of_date,
        live_versions.version as live_version,
        memberships.candidate_version,
        {%- for side in ['live', 'candidate'] %}
        cast(coalesce(
            sum(memberships.customer_count) filter (where memberships.side = '{{ side }}'), 0
        ) as bigint) as {{ side }}_count,
        {%- endfor %}
        cast(coalesce(
            sum(memberships.customer_count) filter (
                where memberships.side = 'live' and memberships.has_stayed
            ), 0
        ) as bigint) as stayed_count,
        {%- for side in ['live', 'candidate'] %}
        {%- set rows = "memberships.side = '" ~ side ~ "' and memberships.has_outcome" %}
        cast(
            cast(sum(memberships.net_spend) filter (where {{ rows }}) as double)
            / sum(memberships.customer_count) filter (where {{ rows }}) as decimal(18, 2)
        ) as {{ side }}_net_spend_{{ outcome_days }}d,
        cast(sum(memberships.buyer_count) filter (where {{ rows }}) as double)
        / sum(memberships.customer_count) filter (
            where {{ rows }}
        ) as {{ side }}_order_share_{{ outcome_days }}d{{ ',' if not loop.last }}
        {%- endfor %}

    from memberships

    cross join live_versions

    group by
        memberships.kind,
        memberships.segment,
        memberships.as_of_date,
        live_versions.version,
        memberships.candidate_version

)

select * from compared
