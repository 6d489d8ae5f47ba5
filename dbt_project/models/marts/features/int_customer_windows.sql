{{ kept_per_snapshot() }}
{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Sums over all days and over the last N days, for every customer and snapshot date. A day enters the sums
    at the first snapshot that sees it and leaves an N-day sum at the first one that it is too old for, so a
    snapshot is the running sum of all moves until then; joining days to the snapshots of a year would multiply
    them by twelve. An incremental build goes on from the sums of the last closed month-end.
#}
{%- set sums = window_sums() %}
{#- 2.5 million snapshots take some 2 GB #}
{%- set some = some_at_a_time(ref('int_customer_feature_dates'), rows=2500000) %}
{%- set lengths = sums.values() | map(attribute='length') | select | unique | list %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

first_seen as (

    select * from {{ ref('int_customers__first_seen') }}

),

feature_dates as (

    select * from {{ ref('int_customer_feature_dates') }} where {{ only_open_snapshots() }} and {{ some }}

),

customer_days as (

    select * from {{ ref('int_customer_days') }} where {{ some }}

),

days as (

    -- one customer per day
    select
        customer_days.*,
        coalesce(first_seen.first_seen_date, as_of.as_of_date) as first_date

    from customer_days

    inner join first_seen
        on customer_days.customer_id = first_seen.customer_id

    cross join as_of

),

entered as (

    {{ moves() }}

),
{% for length in lengths %}
left_{{ length }}d as (

    {{ moves(length) }}

),
{% endfor %}
{%- if asks_what_changed() %}
closed as (

    select *

    from {{ this }}

    where
        as_of_date = {{ add_days(first_open_date(), -1) }}
        and not {{ stands_in(ref('int_customers__changed'), ['customer_id']) }}

),
{% endif %}
summed as (

    -- at most one row per snapshot on every side, and one closed snapshot per customer
    select
        feature_dates.customer_id,
        feature_dates.as_of_date,
        feature_dates.first_seen_date,
        feature_dates.is_member,
        {%- for column, sum in sums.items() %}
        cast(
            sum(
                coalesce(entered.{{ sum['measure'] }}, 0)
                {%- if sum['length'] %} - coalesce(left_{{ sum['length'] }}d.{{ sum['measure'] }}, 0){% endif %}
            ) over until_then
            {%- if asks_what_changed() %} + coalesce(closed.{{ column }}, 0){% endif %} as {{ sum['type'] }}
        ) as {{ column }},
        {%- endfor %}
        {%- for column in ['last_interaction_date', 'last_event_date'] %}
        {%- set until_then = 'max(entered.' ~ column ~ ') over until_then' %}
        {{ 'greatest(' ~ until_then ~ ', closed.' ~ column ~ ')' if asks_what_changed() else until_then }} as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from feature_dates

    left join entered
        on feature_dates.customer_id = entered.customer_id
        and feature_dates.as_of_date = entered.as_of_date
    {%- for length in lengths %}

    left join left_{{ length }}d
        on feature_dates.customer_id = left_{{ length }}d.customer_id
        and feature_dates.as_of_date = left_{{ length }}d.as_of_date
    {%- endfor %}
    {%- if asks_what_changed() %}

    left join closed
        on feature_dates.customer_id = closed.customer_id
    {%- endif %}

    window until_then as (
        partition by feature_dates.customer_id
        order by feature_dates.as_of_date
        rows between unbounded preceding and current row
    )

)

select * from summed
