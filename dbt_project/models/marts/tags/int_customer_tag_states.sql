{{ kept_per_retagged_snapshot() }}

{#
    Every tag but those of the kind model, at every snapshot. A tag that is refreshed monthly is asked at month-ends
    only; elsewhere it is null, and what the last month-end said goes on.
#}
{%- set tags = tags_of_kinds(['rule', 'statistical']) %}

with

inputs as (

    {{ tag_inputs(tags, only_retagged_snapshots()) }}

),

states as (

    select
        {%- for tag in tags %}
        {%- if tag['refresh'] == 'monthly' %}
        case
            when as_of_date = cast({{ dbt.last_day('as_of_date', 'month') }} as date) then coalesce({{ tag['condition'] }}, false)
        end as is_{{ tag['code'] }},
        {%- else %}
        coalesce({{ tag['condition'] }}, false) as is_{{ tag['code'] }},
        {%- endif %}
        {%- endfor %}
        customer_id,
        as_of_date

    from inputs

)

select * from states
