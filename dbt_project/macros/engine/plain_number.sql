{#
    The number that both engines read in a text as it stands; null where one of them reads none. DuckDB takes
    underscores for thousands separators, so that a day that slipped into a column of money, 2024_01_05, would be twenty
    million.
#}
{% macro plain_number(text, type) -%}
    {{ return(adapter.dispatch('plain_number', 'strata360')(text, type)) }}
{%- endmacro %}

{% macro duckdb__plain_number(text, type) -%}
    case when not contains({{ text }}, '_') then try_cast({{ text }} as {{ type }}) end
{%- endmacro %}

{% macro spark__plain_number(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}
