{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The products that go with each product, as of each date. Bought together: what is taken along clearly more often
    than chance has it, and by a fair share (docs/recommendations.md says what tells planted accessories from what the
    same people happen to like). Similar: what the same customers met.
#}
{%- set measures = {
    'bought_together': {'measure': 'confidence', 'shrinkage': 20, 'min_lift': 2, 'min_strength': 0.08},
    'similar': {'measure': 'cosine', 'shrinkage': 10, 'min_lift': 1, 'min_strength': 0},
} -%}
{%- set neighbours = 20 -%}

with
{% for relation in measures %}
{{ relation }}_pairs as (

    select * from {{ ref('int_item_pairs') }} where relation = '{{ relation }}'

),

{{ relation }}_counts as (

    select * from {{ ref('int_item_counts') }} where relation = '{{ relation }}'

),

{{ relation }}_products as (

    {{ item_similarity(
        relation ~ '_pairs', relation ~ '_counts', measures[relation]['measure'], measures[relation]['shrinkage'],
        measures[relation]['min_lift'], measures[relation]['min_strength'], neighbours
    ) | indent(4) }}

),
{% endfor %}
unioned as (
    {% for relation in measures %}
    select '{{ relation }}' as relation, products.* from {{ relation }}_products as products
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from unioned
