{# Regions in the texts that name them. #}

{#
    The texts of a record that say where it is, in one: what int_places__resolved is keyed by. Of an address the
    first forty characters do, for the region stands at its beginning.
#}
{% macro place_text(province, city, district, address) -%}
    concat_ws('|', coalesce({{ province }}, ''), coalesce({{ city }}, ''), coalesce({{ district }}, ''), coalesce(left({{ address }}, 40), ''))
{%- endmacro %}


{#
    Whether a place's short name (中山) is followed by something that makes it part of the name of a road or building
    (中山路, 南京西路, 鼓楼医院), which lies elsewhere.
#}
{% macro is_name_of_a_road(rest) -%}
    {%- set side = '[东南西北中前后内外上下一二三四五六七八九十0-9]{0,2}' -%}
    {{ matches(
        rest,
        '^' ~ side ~ '(路|街|大街|大道|巷|胡同|弄|小区|广场|大厦|大楼|宾馆|酒店|饭店|医院|车站|商场|商城|书店|机场|新村|家园|名城|别墅|公寓)'
        ~ '|^' ~ side ~ '[道里桥村庄镇乡站苑府湾城园]([0-9]|$)'
        ~ '|^' ~ side ~ '(公园|花园|学院|大学|中学|小学|市场|银行|码头|山庄|国际|中心)([^路街道]|$)'
    ) }}
{%- endmacro %}
