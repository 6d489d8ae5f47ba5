{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# Tags that rest on what a Python model said on the day of the run, and on that day only. #}
{%- set tags = tags_of_kinds(['model']) %}

with

inputs as (

    {{ tag_inputs(tags, 'as_of_date = (select as_of_date from ' ~ ref('int_run__as_of') ~ ')') }}

),

held as (
    {% for tag in tags %}
    select
        customer_id,
        '{{ tag['code'] }}' as tag_code,
        as_of_date as valid_from,
        {{ tag_evidence(tag) }} as evidence

    from inputs

    where {{ tag['condition'] }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {%- if not tags %}
    select customer_id, cast(null as string) as tag_code, as_of_date as valid_from, cast(null as string) as evidence

    from inputs

    where false
    {%- endif %}
)

select * from held
