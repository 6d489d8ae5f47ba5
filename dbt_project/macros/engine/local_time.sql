{# Between business time and UTC. Timestamps carry no zone in this warehouse: *_at is UTC, dates are business days. #}

{% macro business_timezone() -%}
    {{ env_var('STRATA_TIMEZONE', 'Asia/Shanghai') }}
{%- endmacro %}


{% macro local_to_utc(timestamp) -%}
    {{ return(adapter.dispatch('local_to_utc', 'strata360')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__local_to_utc(timestamp) -%}
    ((cast({{ timestamp }} as timestamp) at time zone '{{ business_timezone() }}') at time zone 'UTC')
{%- endmacro %}

{% macro spark__local_to_utc(timestamp) -%}
    to_utc_timestamp(cast({{ timestamp }} as timestamp), '{{ business_timezone() }}')
{%- endmacro %}


{% macro utc_to_local(timestamp) -%}
    {{ return(adapter.dispatch('utc_to_local', 'strata360')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__utc_to_local(timestamp) -%}
    ((cast({{ timestamp }} as timestamp) at time zone 'UTC') at time zone '{{ business_timezone() }}')
{%- endmacro %}

{% macro spark__utc_to_local(timestamp) -%}
    from_utc_timestamp(cast({{ timestamp }} as timestamp), '{{ business_timezone() }}')
{%- endmacro %}


{# The business day on which a UTC instant falls. #}
{% macro business_date(timestamp) -%}
    cast({{ utc_to_local(timestamp) }} as date)
{%- endmacro %}
