{#
    Regular expressions. Write patterns without backslashes ([0-9], [.]): Spark reads a backslash in a
    string literal as an escape, DuckDB does not. Nor write a doubled apostrophe in any literal: DuckDB reads one
    apostrophe, Spark reads two literals side by side. chr(39) is the same on both.
#}

{# Every match replaced; plain regexp_replace replaces the first on DuckDB and all on Spark. #}
{% macro regexp_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'strata360')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}


{# Whether the pattern occurs anywhere in the text; null for null. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'strata360')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    ({{ text }} rlike '{{ pattern }}')
{%- endmacro %}
