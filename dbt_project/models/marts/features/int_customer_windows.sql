{{ kept_per_snapshot() }}
{{ config(schema='intermediate', contract={'enforced': false}) }}

{#
    Sums over all days and over the last N days, for every customer and snapshot date. A day enters the sums
    at the first snapshot that sees it and leaves an N-day sum at the first one that it is too old for, so a
    running sum of both gives every window in time linear to the days; joining days to the snapshots of a
    year would multiply them by twelve. An incremental build goes on from the sums of the last closed month-end.
#}
{%- set measures_of = window_measures() -%}
{%- set types, goes_on = measures_of['types'], asks_what_changed() %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

feature_dates as (

    -- with the last closed snapshot of everybody, from whose sums the open ones go on
    select *

    from {{ ref('int_customer_feature_dates') }}
    {% if goes_on %}
    where as_of_date = {{ add_days(first_open_date(), -1) }} or {{ open_snapshots() }}
    {% endif %}
),

days as (

    select days.*

    from {{ ref('int_customer_days') }} as days

    cross join as_of

    where days.activity_date <= as_of.as_of_date

),

entered as (

    select
        days.customer_id,
        {{ feature_date('days.activity_date') }} as as_of_date,
        {%- for measure in measures_of['all'] %}
        cast(sum(days.{{ measure }}) as {{ types.get(measure, 'bigint') }}) as {{ measure }},
        {%- endfor %}
        max(days.activity_date) filter (where days.interaction_count > 0) as last_interaction_date,
        max(days.activity_date) filter (where days.event_count > 0) as last_event_date

    from days

    cross join as_of

    where {{ only_open_snapshots('days.activity_date', 'days.customer_id') }}

    group by 1, 2

),
{% for length, measures in measures_of['windows'].items() %}
left_{{ length }}_days as (

    {{ days_that_left(length, measures) }}

),
{% endfor %}
{% if goes_on %}
closed as (

    select *

    from {{ this }}

    where
        as_of_date = {{ add_days(first_open_date(), -1) }}
        and not {{ stands_in(ref('int_customers__changed'), ['customer_id']) }}

),
{% endif %}
summed as (

    -- one row per customer and snapshot on every side
    select
        feature_dates.customer_id,
        feature_dates.as_of_date,
        feature_dates.first_seen_date,
        feature_dates.is_member,
        {%- for measure in measures_of['lifetime'] %}
        cast(
            sum(
                coalesce(entered.{{ measure }}, 0)
                {{ '+ coalesce(closed.' ~ measure ~ ', 0)' if goes_on }}
            ) over until_then as {{ types.get(measure, 'bigint') }}
        ) as {{ measure }},
        {%- endfor %}
        {%- for length, measures in measures_of['windows'].items() %}
        {%- for measure in measures %}
        cast(
            sum(
                coalesce(entered.{{ measure }}, 0) - coalesce(left_{{ length }}_days.{{ measure }}, 0)
                {{ '+ coalesce(closed.' ~ measure ~ '_' ~ length ~ 'd, 0)' if goes_on }}
            ) over until_then as {{ types.get(measure, 'bigint') }}
        ) as {{ measure }}_{{ length }}d,
        {%- endfor %}
        {%- endfor %}
        {%- for last_date in ['last_interaction_date', 'last_event_date'] %}
        max(
            {{ 'coalesce(entered.' ~ last_date ~ ', closed.' ~ last_date ~ ')' if goes_on else 'entered.' ~ last_date }}
        ) over until_then as {{ last_date }}{{ ',' if not loop.last }}
        {%- endfor %}

    from feature_dates

    left join entered
        on feature_dates.customer_id = entered.customer_id
        and feature_dates.as_of_date = entered.as_of_date
    {% for length in measures_of['windows'] %}
    left join left_{{ length }}_days
        on feature_dates.customer_id = left_{{ length }}_days.customer_id
        and feature_dates.as_of_date = left_{{ length }}_days.as_of_date
    {% endfor %}
    {% if goes_on %}
    left join closed
        on feature_dates.customer_id = closed.customer_id
        and feature_dates.as_of_date = closed.as_of_date
    {% endif %}
    window until_then as (
        partition by feature_dates.customer_id
        order by feature_dates.as_of_date
        rows between unbounded preceding and current row
    )

),

open as (

    select * from summed where {{ only_open_snapshots() }}

)

select * from open
