{# Times as Weibo's interface writes them. #}

{#
    An instant as a UTC TIMESTAMP, from Tue Mar 05 20:11:08 +0800 2024 or from any form that parse_instant reads; null
    when unreadable. The name of the weekday is not looked at.
#}
{% macro parse_weibo_instant(text) -%}
    case
        when {{ matches(text, '^ *[A-Z][a-z]{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4} (199|20[0-9])[0-9] *$') }}
            then {{ parse_offset_timestamp(weibo_time_as_iso("trim(" ~ text ~ ")")) }}
        else {{ parse_instant(text) }}
    end
{%- endmacro %}


{# 2024-03-05 20:11:08+08:00 from Tue Mar 05 20:11:08 +0800 2024. #}
{% macro weibo_time_as_iso(text) -%}
    {%- set month = "split_part(" ~ text ~ ", ' ', 2)" -%}
    {%- set offset = "split_part(" ~ text ~ ", ' ', 5)" -%}
    split_part({{ text }}, ' ', 6) || '-'
    || case {{ month }}
        {%- for name in ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] %}
        when '{{ name }}' then '{{ '%02d' % loop.index }}'
        {%- endfor %}
    end
    || '-' || split_part({{ text }}, ' ', 3) || ' ' || split_part({{ text }}, ' ', 4)
    || left({{ offset }}, 3) || ':' || right({{ offset }}, 2)
{%- endmacro %}
