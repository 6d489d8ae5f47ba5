{#
    The rows of a feed that count: readable, the newest of their key, and not taken back by their source.
    Everything behind staging reads a feed through this macro; the other rows stay in the staging table for the
    row balance.
#}
{% macro staged(source_name, feed) -%}
    (
        select * from {{ ref('stg_' ~ source_name ~ '__' ~ feed) }}

        where _verdict = 'staged' and not _is_deleted
    )
{%- endmacro %}
