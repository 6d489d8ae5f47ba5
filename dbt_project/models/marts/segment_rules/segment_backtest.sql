{#
    A candidate version beside the live one over the last twelve closed month-ends: who would have been in which
    segment, and what the members did afterwards. No rows while no version is a candidate.
#}
{%- set outcome_days = 90 -%}

with

trials as (

    select * from {{ ref('int_segment_trials') }}

),

live_versions as (

    select version from {{ ref('int_segment_thresholds') }} where status = 'live'

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

    from trials
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
        {%- set spend_per_head %}
            cast(sum(memberships.net_spend) filter (where {{ rows }}) as double)
            / sum(memberships.customer_count) filter (where {{ rows }})
        {%- endset %}
        {{ rounded_decimal(spend_per_head, 18, 2) }} as {{ side }}_net_spend_{{ outcome_days }}d,
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
