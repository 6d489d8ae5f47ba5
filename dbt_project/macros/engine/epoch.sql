{# Seconds since 1970-01-01 to a TIMESTAMP, fractions kept to the microsecond. #}
{% macro timestamp_from_epoch(seconds) -%}
    {{ return(adapter.dispatch('timestamp_from_epoch', 'strata360')(seconds)) }}
{%- endmacro %}

{% macro duckdb__timestamp_from_epoch(seconds) -%}
    make_timestamp(cast(({{ seconds }}) * 1000000 as bigint))
{%- endmacro %}

{% macro spark__timestamp_from_epoch(seconds) -%}
    {#- a cast rounds on DuckDB and cuts off on Spark -#}
    timestamp_micros(cast(round(({{ seconds }}) * 1000000) as bigint))
{%- endmacro %}


{# Seconds from 1970-01-01 to a TIMESTAMP. #}
{% macro epoch_seconds(instant) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'strata360')(instant)) }}
{%- endmacro %}

{% macro duckdb__epoch_seconds(instant) -%}
    epoch({{ instant }})
{%- endmacro %}

{% macro spark__epoch_seconds(instant) -%}
    unix_micros({{ instant }}) / 1e6
{%- endmacro %}
