{#
    The rows of a feed that its staging model has to read: all of them, or in an incremental build only those of
    loads that no complete run has seen.
#}
{% macro landed(source_name, feed) -%}
    {%- if is_incremental() -%}
    (
        select * from {{ source(source_name, feed) }}

        where _load_number > {{ run_context('complete_load_number') }}
    )
    {%- else -%}
    {{ source(source_name, feed) }}
    {%- endif -%}
{%- endmacro %}
