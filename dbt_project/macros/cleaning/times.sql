{# Dates and instants in the formats that exports and hands produce. #}

{#
    An instant as a UTC TIMESTAMP; null when unreadable or not of the years 1990 to 2099 (every form begins with
    the year), because outside lie only typing errors and default values. Text with an offset or Z counts as it stands; everything else is business time.
#}
{% macro parse_instant(text) -%}
    {%- set wall_time -%}
        coalesce(
            try_cast({{ text }} as timestamp),
            case
                when {{ matches(text, '^(19|20)[0-9]{6}$') }}
                    then try_cast(substr({{ text }}, 1, 4) || '-' || substr({{ text }}, 5, 2) || '-' || substr({{ text }}, 7, 2) as timestamp)
                when {{ matches(text, '^(19|20)[0-9]{6}[ T]?[0-9]{6}$') }}
                    then {{ parse_timestamp(regexp_replace_all(text, '[ T]', ''), ['%Y%m%d%H%M%S']) }}
                else {{ parse_timestamp(clean_text(text), [
                    '%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M', '%Y/%m/%d',
                    '%Y年%m月%d日 %H:%M:%S', '%Y年%m月%d日 %H:%M', '%Y年%m月%d日%H:%M:%S', '%Y年%m月%d日%H:%M', '%Y年%m月%d日',
                    '%Y年%m月%d日 %H时%M分%S秒', '%Y年%m月%d日%H时%M分%S秒', '%Y年%m月%d日 %H时%M分', '%Y年%m月%d日%H时%M分',
                    '%Y.%m.%d %H:%M:%S', '%Y.%m.%d %H:%M', '%Y.%m.%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d'
                ]) }}
            end
        )
    {%- endset -%}
    {%- set instant -%}
        case
            when {{ matches(text, ':[0-9]{2}([.][0-9]+)? ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?) *$') }}
                then {{ parse_offset_timestamp(text) }}
            else {{ local_to_utc(wall_time) }}
        end
    {%- endset -%}
    case when {{ matches(text, '^ *(199|20[0-9])[0-9]') }} then {{ instant }} end
{%- endmacro %}


{#
    A calendar date; null when unreadable. Besides the written forms it reads compact 20240105 and the serial
    numbers (days since 1899-12-30) that workbooks store when a cell lost its date format.
#}
{% macro parse_date(text) -%}
    {%- set clean = clean_text(text) -%}
    {%- set dashed = regexp_replace_all(clean, '[年月/.]', '-') -%}
    coalesce(
        try_cast(nullif(regexp_extract({{ dashed }}, '^[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}', 0), '') as date),
        case
            when {{ matches(clean, '^(19|20)[0-9]{6}$') }}
                then try_cast(substr({{ clean }}, 1, 4) || '-' || substr({{ clean }}, 5, 2) || '-' || substr({{ clean }}, 7, 2) as date)
            when {{ matches(clean, '^[1-9][0-9]{3,4}([.][0-9]+)?$') }}
                then {{ add_days("date '1899-12-30'", "floor(try_cast(" ~ clean ~ " as double))") }}
        end
    )
{%- endmacro %}


{# A birth date; systems that must store one without knowing it write 1900-01-01, so early years are null. #}
{% macro parse_birth_date(text) -%}
    nullif(greatest({{ parse_date(text) }}, date '1905-01-01'), date '1905-01-01')
{%- endmacro %}
