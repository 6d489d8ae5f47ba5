{# Whole weeks from the day on which a piece of content came out to another day; from `oldest` on all are one. #}
{% macro week_of_life(published_date, date, oldest=none) -%}
    {%- set weeks -%}
        greatest(floor({{ days_between(published_date, date) }} / 7), 0)
    {%- endset -%}
    cast({{ 'least(' ~ weeks ~ ', ' ~ oldest ~ ')' if oldest is not none else weeks }} as integer)
{%- endmacro %}
