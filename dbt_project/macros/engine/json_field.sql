{#
    A field of a nested object that was landed as JSON text; null for JSON null, a missing field, or a text that is
    no JSON. Paths are dotted names (address.city).
#}
{% macro json_field(text, path) -%}
    {{ return(adapter.dispatch('json_field', 'strata360')(text, path)) }}
{%- endmacro %}

{% macro duckdb__json_field(text, path) -%}
    try(json_extract_string({{ text }}, '$.{{ path }}'))
{%- endmacro %}

{% macro spark__json_field(text, path) -%}
    get_json_object({{ text }}, '$.{{ path }}')
{%- endmacro %}
