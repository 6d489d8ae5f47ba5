{#
    Floating point numbers to a number of digits. DuckDB multiplies, rounds half away from zero and divides; Spark rounds
    the number as it is written. 33.675 is a hair less than it looks, and 33.67 here is 33.68 there, so Spark is told to
    multiply, too. For decimals, plain round() and cast() are the same on both.
#}
{% macro rounded(number, digits) -%}
    {{ return(adapter.dispatch('rounded', 'strata360')(number, digits)) }}
{%- endmacro %}

{% macro duckdb__rounded(number, digits) -%}
    round({{ number }}, {{ digits }})
{%- endmacro %}

{% macro spark__rounded(number, digits) -%}
    (round(({{ number }}) * 1e{{ digits }}) / 1e{{ digits }})
{%- endmacro %}


{# A floating point number to a decimal, by the same rule. #}
{% macro rounded_decimal(number, precision, scale) -%}
    {{ return(adapter.dispatch('rounded_decimal', 'strata360')(number, precision, scale)) }}
{%- endmacro %}

{% macro duckdb__rounded_decimal(number, precision, scale) -%}
    cast({{ number }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{% macro spark__rounded_decimal(number, precision, scale) -%}
    cast({{ rounded(number, scale) }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}


{# A floating point number to the nearest whole one; a cast rounds on DuckDB and cuts off on Spark. #}
{% macro whole(number) -%}
    cast(round({{ number }}) as bigint)
{%- endmacro %}
