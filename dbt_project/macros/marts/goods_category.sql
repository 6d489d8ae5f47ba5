{#
    What interests and forecasts file a product under: its category in the taxonomy, else the retailer's own word, else
    its department. `products` is the alias of the table where one is needed.
#}
{% macro goods_category(products=none) -%}
    {%- set prefix = products ~ '.' if products else '' -%}
    coalesce(
        {{- prefix }}category_l2_code, {{ prefix }}category_l2, {{ prefix }}category_l1_code, {{ prefix }}category_l1
    )
{%- endmacro %}
