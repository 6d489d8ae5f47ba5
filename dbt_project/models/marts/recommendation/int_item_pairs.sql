{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# Baskets are small; of a customer's history products count together that were met one after the other. #}
{%- set reach = {'bought_together': 60, 'similar': 30} -%}
{%- set min_pairs = {'bought_together': 5, 'similar': 3} -%}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),
{% for relation in reach %}
{{ relation }}_members as (

    select * from {{ ref('int_similarity_members') }} where relation = '{{ relation }}'

),

{{ relation }}_pairs as (

    {{ item_pairs(relation ~ '_members', 'dates', reach[relation], min_pairs[relation]) | indent(4) }}

),
{% endfor %}
unioned as (
    {% for relation in reach %}
    select '{{ relation }}' as relation, pairs.* from {{ relation }}_pairs as pairs
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from unioned
