{# Stops the query with a text of its own, for tests whose finding people read who do not query tables. #}
{% macro fail_with(message) -%}
    {{ return(adapter.dispatch('fail_with', 'strata360')(message)) }}
{%- endmacro %}

{% macro duckdb__fail_with(message) -%}
    error({{ message }})
{%- endmacro %}

{% macro spark__fail_with(message) -%}
    raise_error({{ message }})
{%- endmacro %}
