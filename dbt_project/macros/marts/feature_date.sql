{#
    The first snapshot date on or after a date: its month's end, or as_of_date in the last, unfinished
    month. Only for dates up to as_of_date. Needs a column as_of_date in scope.
#}
{% macro feature_date(date) -%}
    least(cast({{ dbt.last_day(date, 'month') }} as date), as_of.as_of_date)
{%- endmacro %}
