{# Which record describes a product that several systems know: one with a name, then the most trusted system. #}
{% macro product_preference() -%}
    case when product_name is null then 1 else 0 end,
    {{ source_rank('source') }},
    source
{%- endmacro %}
