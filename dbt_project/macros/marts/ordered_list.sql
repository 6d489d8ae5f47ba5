{# The distinct values of a group as one comma-separated text, in alphabetical order. #}
{% macro ordered_list(value) -%}
    {{ return(adapter.dispatch('ordered_list', 'strata360')(value)) }}
{%- endmacro %}

{% macro duckdb__ordered_list(value) -%}
    string_agg(distinct {{ value }}, ',' order by {{ value }})
{%- endmacro %}

{% macro spark__ordered_list(value) -%}
    nullif(array_join(sort_array(collect_set({{ value }})), ','), '')
{%- endmacro %}
