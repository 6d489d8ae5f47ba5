{#
    The amount in a landed text, by deliberately other means than staging: whatever is no digit, point or
    minus is dropped. Unreadable text counts as nothing, and then the reconciliation shows the difference.
#}
{% macro money_in_text(text) -%}
    {%- set half_width_text -%}
    translate({{ text }}, '０１２３４５６７８９．－（', '0123456789.-(')
    {%- endset -%}
    coalesce(
        try_cast({{ text }} as decimal(18, 2)),
        try_cast(
            case when {{ half_width_text }} like '%(%' then '-' else '' end
            || {{ regexp_replace_all(half_width_text, '[^0-9.-]', '') }} as decimal(18, 2)
        ),
        0
    )
{%- endmacro %}
