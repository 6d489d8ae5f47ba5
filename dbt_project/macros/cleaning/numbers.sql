{# Amounts and quantities as systems and people write them. #}

{#
    A number to DECIMAL(18, scale); null when unreadable. Reads currency marks, full-width digits, thousands
    separators and parentheses for negative. A comma counts only where a thousands separator can stand:
    "1,5" could mean two things, so it is unreadable.
#}
{% macro parse_decimal(text, scale) -%}
    {%- set bare = regexp_replace_all(half_width(text), "[ ¥￥$元]|CNY|RMB|^=?\"|\"$", "") -%}
    coalesce(
        try_cast({{ text }} as decimal(18, {{ scale }})),
        case
            when {{ matches(bare, '^([(][0-9,.]+[)]|[-+]?[0-9,.]+)$') }}
                and {{ matches(bare, '^[(+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]*)?[)]?$') }}
                then try_cast(
                    case when {{ bare }} like '(%' then '-' else '' end
                    || {{ regexp_replace_all(bare, '[(),+]', '') }} as decimal(18, {{ scale }})
                )
        end
    )
{%- endmacro %}


{# Money in the business currency; a third decimal is rounded half up. #}
{% macro parse_amount(text) -%}
    {{ parse_decimal(text, 2) }}
{%- endmacro %}


{# Units of a product; weighed goods have decimals. #}
{% macro parse_quantity(text) -%}
    {{ parse_decimal(text, 3) }}
{%- endmacro %}


{# A whole number, such as points or a household's size. #}
{% macro parse_whole_number(text) -%}
    cast({{ parse_decimal(text, 0) }} as integer)
{%- endmacro %}


{# A consent or another yes or no; null when it was never asked or cannot be told. #}
{% macro parse_yes_no(text) -%}
    case
        when lower({{ clean_text(text) }}) in ('是', 'y', 'yes', 'true', 't', '1', '同意', '允许', '已授权', 'opt-in', 'on') then true
        when lower({{ clean_text(text) }}) in ('否', 'n', 'no', 'false', 'f', '0', '不同意', '拒绝', '未授权', '退订', 'opt-out', 'off') then false
    end
{%- endmacro %}
