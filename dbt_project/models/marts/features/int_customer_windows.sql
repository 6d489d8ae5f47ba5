{{ kept_per_snapshot() }}
{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Sums over all days and over the last N days, for every customer and snapshot date. A day enters the sums
    at the first snapshot that sees it and leaves an N-day sum at the first one that it is too old for, so a
    snapshot is the sum of all moves until then; joining days to the snapshots of a year would multiply them by
    twelve. An incremental build goes on from the last closed month-end, whose sums count as one move.
#}
{%- set sums = window_sums() %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

feature_dates as (

    select * from {{ ref('int_customer_feature_dates') }} where {{ only_open_snapshots() }}

),

days as (

    select * from {{ ref('int_customer_days') }}

),

moves as (

    {{ moves() }}
    {% for length in sums.values() | map(attribute='length') | select | unique %}
    union all

    {{ moves(length) }}
    {% endfor %}
    {%- if asks_what_changed() %}
    union all

    select
        customer_id,
        as_of_date,
        {{ sums | join(',\n        ') }},
        last_interaction_date,
        last_event_date

    from {{ this }}

    where
        as_of_date = {{ add_days(first_open_date(), -1) }}
        and not {{ stands_in(ref('int_customers__changed'), ['customer_id']) }}
    {%- endif %}

),

net_moves as (

    select
        customer_id,
        as_of_date,
        {%- for column, sum in sums.items() %}
        cast(sum({{ column }}) as {{ sum['type'] }}) as {{ column }},
        {%- endfor %}
        max(last_interaction_date) as last_interaction_date,
        max(last_event_date) as last_event_date

    from moves

    group by 1, 2

),

summed as (

    -- many moves to one snapshot; a customer without any has zeros
    select
        feature_dates.customer_id,
        feature_dates.as_of_date,
        feature_dates.first_seen_date,
        feature_dates.is_member,
        {%- for column, sum in sums.items() %}
        cast(coalesce(sum(net_moves.{{ column }}), 0) as {{ sum['type'] }}) as {{ column }},
        {%- endfor %}
        max(net_moves.last_interaction_date) as last_interaction_date,
        max(net_moves.last_event_date) as last_event_date

    from feature_dates

    left join net_moves
        on feature_dates.customer_id = net_moves.customer_id
        and feature_dates.as_of_date >= net_moves.as_of_date

    group by 1, 2, 3, 4

)

select * from summed
