{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}
{%- set relations = ['bought_together', 'similar'] %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),
{% for relation in relations %}
{{ relation }}_members as (

    select * from {{ ref('int_similarity_members') }} where relation = '{{ relation }}'

),

{{ relation }}_counts as (

    {{ item_counts(relation ~ '_members', 'dates') | indent(4) }}

),
{% endfor %}
unioned as (
    {% for relation in relations %}
    select '{{ relation }}' as relation, counts.* from {{ relation }}_counts as counts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from unioned
