{#
    Text to TIMESTAMP by the first format that fits, null when none does. Formats use strptime letters
    (%Y %m %d %H %M %S), where months, days and hours may lack their leading zero.
#}
{% macro parse_timestamp(text, formats) -%}
    {{ return(adapter.dispatch('parse_timestamp', 'strata360')(text, formats)) }}
{%- endmacro %}

{% macro duckdb__parse_timestamp(text, formats) -%}
    try_strptime({{ text }}, ['{{ formats | join("', '") }}'])
{%- endmacro %}

{% macro spark__parse_timestamp(text, formats) -%}
    {%- set letters = {'%Y': 'yyyy', '%m': 'M', '%d': 'd', '%H': 'H', '%M': 'm', '%S': 's'} -%}
    coalesce(
        {%- for format in formats -%}
            {%- set pattern = namespace(text=format) -%}
            {%- for strptime, java in letters.items() -%}
                {%- set pattern.text = pattern.text | replace(strptime, java) -%}
            {%- endfor -%}
            try_to_timestamp({{ text }}, '{{ pattern.text }}'){{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}


{# ISO text that carries its offset (+08:00, +0800, +08 or Z) to a UTC TIMESTAMP, null when it is none. #}
{% macro parse_offset_timestamp(text) -%}
    {{ return(adapter.dispatch('parse_offset_timestamp', 'strata360')(text)) }}
{%- endmacro %}

{% macro duckdb__parse_offset_timestamp(text) -%}
    (try_cast({{ text }} as timestamptz) at time zone 'UTC')
{%- endmacro %}

{% macro spark__parse_offset_timestamp(text) -%}
    to_utc_timestamp(try_cast({{ text }} as timestamp), current_timezone())
{%- endmacro %}
