{{ kept_per_retagged_month() }}

{#
    The measures of interest topics that tags look at, over twelve calendar months. Months rather than snapshots are the
    rows, so that a day changes nothing for whoever did nothing. A share is of all acts and two more, so that two acts make no interest of the only thing ever looked at.
#}
{%- set unseen_acts = 2 -%}
{%- set columns_of_measures = {
    'share_12m': 'act_count', 'act_count_12m': 'act_count', 'order_count_12m': 'order_count', 'spend_12m': 'spend_amount',
} -%}
{%- set sums = {} -%}
{%- for topic, measure in tag_topic_measures() -%}
    {%- set column = columns_of_measures[measure] -%}
    {%- do sums.update({topic ~ '__' ~ column: [topic, column]}) -%}
{%- endfor %}

with

as_of as (

    select cast(date_trunc('month', as_of_date) as date) as last_month from {{ ref('int_run__as_of') }}

),

topic_months as (

    select topic_months.*

    from {{ ref('int_customer_topic_months') }} as topic_months

    cross join as_of

    where {{ only_months_in_retagged_windows('topic_months.month', 'topic_months.customer_id') }}

),

offsets as (

    select cast(month_offset as integer) as month_offset

    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) as numbers (month_offset)

),

months as (

    select
        customer_id,
        month,
        {%- for sum, (topic, column) in sums.items() %}
        sum({{ column }}) filter (where topic = '{{ topic }}') as {{ sum }},
        {%- endfor %}
        sum(act_count) filter (where topic = 'everything') as everything__act_count

    from topic_months

    group by customer_id, month

),

months_seen as (

    -- a month stands in its own window and in those of the eleven after it
    select
        months.*,
        cast({{ dbt.dateadd('month', 'offsets.month_offset', 'months.month') }} as date) as window_month

    from months

    cross join offsets

),

windows as (

    select
        months_seen.customer_id,
        months_seen.window_month,
        {%- for sum in sums %}
        coalesce(sum(months_seen.{{ sum }}), 0) as {{ sum }},
        {%- endfor %}
        sum(months_seen.everything__act_count) as everything__act_count

    from months_seen

    cross join as_of

    where
        months_seen.window_month <= as_of.last_month
        and {{ only_retagged_months('months_seen.window_month', 'months_seen.customer_id') }}

    group by 1, 2

),

measures as (

    select
        {%- for topic, measure in tag_topic_measures() %}
        {%- set sum = topic ~ '__' ~ columns_of_measures[measure] %}
        {%- if measure == 'share_12m' %}
        cast({{ sum }} as double) / (everything__act_count + {{ unseen_acts }}) as {{ topic }}__{{ measure }},
        {%- elif measure == 'spend_12m' %}
        cast({{ sum }} as decimal(18, 2)) as {{ topic }}__{{ measure }},
        {%- else %}
        cast({{ sum }} as bigint) as {{ topic }}__{{ measure }},
        {%- endif %}
        {%- endfor %}
        customer_id,
        window_month as month

    from windows

)

select * from measures
