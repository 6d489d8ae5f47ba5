{#
    The rows of a feed that count: readable, and the newest of their key. Everything behind staging reads
    a feed through this macro; the other rows stay in the staging table for the row balance.
#}
{% macro staged(source_name, feed) -%}
    (select * from {{ ref('stg_' ~ source_name ~ '__' ~ feed) }} where _verdict = 'staged')
{%- endmacro %}
