{#
    Condition: an instant lies before the end of the day that is computed; needs the CTE as_of cross joined. As a bare
    comparison DuckDB makes it the condition of the join with as_of, expects a handful of rows from it, and then builds the
    hash table of every later join on millions of facts instead of on thousands of changed customers: three times the work.
#}
{% macro known_by_as_of(instant) -%}
    coalesce({{ instant }} < as_of.as_of_end_at, false)
{%- endmacro %}
