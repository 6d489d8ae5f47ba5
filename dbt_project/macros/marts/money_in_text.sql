{#
    The amount in a landed text, by deliberately other means than staging: whatever is no digit or point is
    dropped, a minus or parenthesis anywhere makes it negative, 万 and 亿 move the point. Unreadable text counts as
    nothing, and then the reconciliation shows the difference.
#}
{% macro money_in_text(text) -%}
    {%- set point = env_var('STRATA_DECIMAL_MARK', '.') -%}
    {%- set half_width_text -%}
    translate({{ text }}, '０１２３４５６７８９．，－（', '0123456789.,-(')
    {%- endset -%}
    {%- set digits = regexp_replace_all(half_width_text, '[^0-9' ~ point ~ ']', '') -%}
    {%- set signed -%}
    case when {{ matches(half_width_text, '[-(]') }} then '-' else '' end
    || {{ "replace(" ~ digits ~ ", ',', '.')" if point == ',' else digits }}
    {%- endset -%}
    coalesce(
        {%- if point == '.' %}
        try_cast({{ text }} as decimal(18, 2)),
        {%- endif %}
        case
            when {{ text }} like '%万%' then try_cast(cast(try_cast({{ signed }} as decimal(18, 6)) as decimal(28, 6)) * 10000 as decimal(18, 2))
            when {{ text }} like '%亿%' then try_cast(cast(try_cast({{ signed }} as decimal(18, 6)) as decimal(28, 6)) * 100000000 as decimal(18, 2))
            else try_cast({{ signed }} as decimal(18, 2))
        end,
        0
    )
{%- endmacro %}
