{# Whole years on a day; a birthday counts from its day on. Null when nobody is that old, or was born yet. #}
{% macro age_on(birth_date, day) -%}
    {%- set years = 'floor((' ~ day_number(day) ~ ' - ' ~ day_number(birth_date) ~ ') / 10000)' -%}
    cast(case when {{ years }} between 0 and 120 then {{ years }} end as integer)
{%- endmacro %}


{# A date as the number 20260210, of which the first four digits count years. #}
{% macro day_number(date) -%}
    (extract(year from {{ date }}) * 10000 + extract(month from {{ date }}) * 100 + extract(day from {{ date }}))
{%- endmacro %}


{# The band of an age; null when the age is. #}
{% macro age_band(age) -%}
    case
        when {{ age }} < 18 then 'under_18'
        when {{ age }} < 25 then '18_24'
        when {{ age }} < 35 then '25_34'
        when {{ age }} < 45 then '35_44'
        when {{ age }} < 55 then '45_54'
        when {{ age }} < 65 then '55_64'
        when {{ age }} >= 65 then '65_plus'
    end
{%- endmacro %}
