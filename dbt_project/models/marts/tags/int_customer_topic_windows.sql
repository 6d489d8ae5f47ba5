{{ kept_per_retagged_snapshot() }}

{#
    The measures of interest topics that tags look at, over twelve calendar months of which the snapshot's own is the
    last. A share is of all acts and two more, so that two acts make no interest of the only thing ever looked at.
#}
{%- set months = 12 -%}
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

snapshots as (

    select customer_id, as_of_date

    from {{ ref('int_customer_feature_dates') }}

    where {{ only_retagged_snapshots() }}

),

topic_months as (

    select * from {{ ref('int_customer_topic_months') }}

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

windows as (

    -- up to twelve months to one snapshot, up to twelve snapshots to one month
    select
        snapshots.customer_id,
        snapshots.as_of_date,
        {%- for sum in sums %}
        coalesce(sum(months.{{ sum }}), 0) as {{ sum }},
        {%- endfor %}
        sum(months.everything__act_count) as everything__act_count

    from snapshots

    inner join months
        on snapshots.customer_id = months.customer_id
        and snapshots.as_of_date >= months.month
        and snapshots.as_of_date < {{ dbt.dateadd('month', months, 'months.month') }}

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
        as_of_date

    from windows

)

select * from measures
