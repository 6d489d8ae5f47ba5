{# Dates and instants in the formats that exports and hands produce. #}

{#
    An instant as a UTC TIMESTAMP; null when unreadable or not of the years 1990 to 2099, because outside lie only
    typing errors and default values. Text with an offset or Z counts as it stands; everything else is business time.
    Besides forms that begin with the year it reads seconds and milliseconds since 1970, the day numbers that
    workbooks store, and the form of Weibo's interface, Fri Jan 05 10:00:00 +0800 2024.
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
                when {{ matches(text, '[上下中]午|[早晚]上|凌晨|[AaPp][.]?[Mm]') }} then {{ half_day_timestamp(text) }}
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
            when {{ matches(text, ' *(UTC|GMT)([+-][0-9]{1,2}(:?[0-9]{2})?)? *$') }}
                then {{ parse_offset_timestamp(offset_form(text)) }}
            else {{ local_to_utc(wall_time) }}
        end
    {%- endset -%}
    case
        when {{ matches(text, '^ *(199|20[0-9])[0-9]([^0-9]|[0-9]{4}([ T]?[0-9]{6})? *$)') }} then {{ instant }}
        when {{ matches(text, '^1[0-9]{9}$') }} then {{ timestamp_from_epoch("cast(" ~ text ~ " as bigint)") }}
        when {{ matches(text, '^1[0-9]{12}$') }} then {{ timestamp_from_epoch("cast(" ~ text ~ " as double) / 1000") }}
        -- days since 1899-12-30 with the time as a fraction, rounded to the second
        when {{ matches(text, '^(3[3-9][0-9]{3}|[456][0-9]{4}|7[0-2][0-9]{3})([.][0-9]+)?$') }}
            then {{ local_to_utc(timestamp_from_epoch("round((try_cast(" ~ text ~ " as double) - 25569) * 86400)")) }}
        when {{ matches(text, '^[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} [+-][0-9]{4} (199|20[0-9])[0-9]$') }}
            then {{ parse_offset_timestamp(
                "split_part(" ~ text ~ ", ' ', 6) || '-' || " ~ month_number("split_part(" ~ text ~ ", ' ', 2)")
                ~ " || '-' || split_part(" ~ text ~ ", ' ', 3) || 'T' || split_part(" ~ text ~ ", ' ', 4) || split_part(" ~ text ~ ", ' ', 5)"
            ) }}
    end
{%- endmacro %}


{# Two digits of a month's English name, of which the first three letters count; no date comes of another word. #}
{% macro month_number(name) -%}
    lpad(
        cast(
            cast(floor((instr('JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC', upper(left({{ name }}, 3))) + 3) / 4.0) as integer)
            as string
        ), 2, '0'
    )
{%- endmacro %}


{# "UTC+8" and "GMT" behind a time in the form +08:00. #}
{% macro offset_form(text) -%}
    {%- set number = "regexp_extract(" ~ text ~ ", '[0-9]{1,2}(:?[0-9]{2})? *$', 0)" -%}
    trim({{ regexp_replace_all(text, ' *(UTC|GMT).*$', '') }})
    || case when {{ matches(text, '(UTC|GMT)-') }} then '-' else '+' end
    || case
        when not {{ matches(text, '(UTC|GMT)[+-]') }} then '00:00'
        else lpad(split_part(trim({{ number }}), ':', 1), 2, '0') || ':' || coalesce(nullif(split_part(trim({{ number }}), ':', 2), ''), '00')
    end
{%- endmacro %}


{# Business time of a text with 上午 or PM, where 12 is the first hour of its half day. #}
{% macro half_day_timestamp(text) -%}
    {%- set clean = "trim(" ~ half_width(text) ~ ")" -%}
    {%- set clock = "regexp_extract(" ~ clean ~ ", '[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?', 0)" -%}
    {%- set hour = "try_cast(nullif(split_part(" ~ clock ~ ", ':', 1), '') as integer)" -%}
    try_cast(
        {{ iso_date_text(clean) }} || ' '
        || lpad(
            cast(
                case
                    when {{ hour }} > 12 then {{ hour }}
                    when {{ matches(text, '下午|晚上|[Pp][.]?[Mm]') }} then {{ hour }} % 12 + 12
                    when {{ matches(text, '中午') }} and {{ hour }} < 10 then {{ hour }} + 12
                    when {{ matches(text, '中午') }} then {{ hour }}
                    else {{ hour }} % 12
                end as string
            ), 2, '0'
        )
        || substr({{ clock }}, instr({{ clock }}, ':')) as timestamp
    )
{%- endmacro %}


{# Year, month and day at the beginning of a text, with dashes between them; null when they are not there. #}
{% macro iso_date_text(text) -%}
    nullif(regexp_extract({{ regexp_replace_all(text, '[年月/.]', '-') }}, '^[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}', 0), '')
{%- endmacro %}


{# Dates that need no cleaning, as the first branches of a case. #}
{% macro plain_date_branches(text) -%}
    when {{ matches(text, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}( 00:00:00)?$') }} then try_cast(left({{ text }}, 10) as date)
    when {{ matches(text, '^[12][0-9]{3}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?$') }} then try_cast({{ iso_date_text(text) }} as date)
    when {{ matches(text, '^(19|20)[0-9]{6}$') }}
        then try_cast(left({{ text }}, 4) || '-' || substr({{ text }}, 5, 2) || '-' || right({{ text }}, 2) as date)
{%- endmacro %}


{#
    A calendar date; null when unreadable. Besides forms that begin with the year it reads compact 20240105, the
    five-digit day numbers (since 1899-12-30) that workbooks store when a cell lost its date format, English month
    names, and forms that end with the year: 31/12/2024 and 12/31/2024 as they must be, 05/01/2024 after
    STRATA_DATE_ORDER and by default not at all. Most values need no cleaning, so these are asked first.
#}
{% macro parse_date(text) -%}
    {#- not clean_text, whose nullif would double each of the many places where this stands -#}
    {%- set clean = "trim(" ~ half_width(text) ~ ")" -%}
    {%- set dashed = regexp_replace_all(clean, '[/.]', '-') -%}
    {%- set first = "split_part(" ~ dashed ~ ", '-', 1)" -%}
    {%- set second = "split_part(" ~ dashed ~ ", '-', 2)" -%}
    {%- set year = "left(split_part(" ~ dashed ~ ", '-', 3), 4)" -%}
    {%- set order = env_var('STRATA_DATE_ORDER', 'ymd') -%}
    {%- set words = regexp_replace_all(clean, '[ ,./-]+', ' ') -%}
    case
        {{ plain_date_branches(text) }}
        -- the midnight of another zone is the evening before in ours; a midnight of UTC stands for the date itself
        when {{ matches(clean, 'T[0-9:.]+([zZ]|[+-][0-9]{2}:?[0-9]{2})$') }} and not {{ matches(clean, 'T00:00:00([.]0+)?([zZ]|[+-])') }}
            then {{ business_date(parse_offset_timestamp(clean)) }}
        when {{ matches(clean, '^[12][0-9]{3}[-年/.]') }} then try_cast({{ iso_date_text(clean) }} as date)
        when {{ matches(clean, '^(19|20)[0-9]{6}[ T]?[0-9]{6}$') }}
            then try_cast(substr({{ clean }}, 1, 4) || '-' || substr({{ clean }}, 5, 2) || '-' || substr({{ clean }}, 7, 2) as date)
        when {{ matches(clean, '^([1-6][0-9]{4}|7[0-2][0-9]{3})([.][0-9]+)?$') }}
            then {{ add_days("date '1899-12-30'", "floor(try_cast(" ~ clean ~ " as double))") }}
        when {{ matches(clean, '^[0-3]?[0-9][-/.][0-3]?[0-9][-/.][12][0-9]{3}([ T]|$)') }}
            then case
                when try_cast({{ second }} as integer) > 12
                    then try_cast({{ year }} || '-' || {{ first }} || '-' || {{ second }} as date)
                when try_cast({{ first }} as integer) > 12
                    {{- " or " ~ first ~ " = " ~ second }} {{ "or true" if order == 'dmy' }}
                    then try_cast({{ year }} || '-' || {{ second }} || '-' || {{ first }} as date)
                {%- if order == 'mdy' %}
                else try_cast({{ year }} || '-' || {{ first }} || '-' || {{ second }} as date)
                {%- endif %}
            end
        when {{ matches(clean, '^[0-3]?[0-9][- ./]*[A-Za-z]{3,9}[-, ./]*[12][0-9]{3}$') }}
            then try_cast(
                right({{ words }}, 4) || '-' || {{ month_number("regexp_extract(" ~ words ~ ", '[A-Za-z]+', 0)") }} || '-'
                || regexp_extract({{ words }}, '^[0-9]+', 0) as date
            )
        when {{ matches(clean, '^[A-Za-z]{3,9}[. ]+[0-3]?[0-9](st|nd|rd|th)?,? +[12][0-9]{3}$') }}
            then try_cast(
                right({{ words }}, 4) || '-' || {{ month_number(words) }} || '-'
                || regexp_extract({{ words }}, '[0-9]+', 0) as date
            )
    end
{%- endmacro %}
