{# Amounts and quantities as systems and people write them. #}

{#
    A number to DECIMAL(18, scale); null when unreadable, or of more digits than `precision`: what is absurd is a typing
    error, and a few such numbers would let sums and products overflow, which ends every run. Reads currency marks and
    the code of STRATA_CURRENCY, full-width digits, thousands separators, 万 and 亿, and a minus in front, behind or as
    parentheses. A separator counts only where a thousands separator can stand: "1,5" could mean two things, so it is
    unreadable.
    STRATA_DECIMAL_MARK=, exchanges comma and point: "1.234,56" is then read, "1,234.56" is not, and "1.234" is a
    thousand and more.
#}
{% macro parse_decimal(text, scale, precision=18) -%}
    {%- set point = env_var('STRATA_DECIMAL_MARK', '.') -%}
    {%- set comma = '.' if point == ',' else ',' -%}
    {%- set currency = env_var('STRATA_CURRENCY', 'CNY') -%}
    {%- set bare = regexp_replace_all(
        half_width(text), "[ ¥￥$€£元圆整]|" ~ currency ~ ("|RMB|人民币" if currency == 'CNY' else "") ~ "|^=?\"|\"$", ""
    ) -%}
    {%- set digits = regexp_replace_all(bare, '[()' ~ comma ~ '+万亿-]', '') -%}
    {%- set narrow = 'decimal(' ~ precision ~ ', ' ~ scale ~ ')' -%}
    {%- set signed = "case when " ~ matches(bare, '[(-]') ~ " then '-' else '' end || "
        ~ ("replace(" ~ digits ~ ", ',', '.')" if point == ',' else digits) -%}
    cast(
        coalesce(
            {%- if point == '.' %}
            {{ plain_number(text, narrow) }},
            {%- endif %}
            case
                when {{ matches(bare, '^([(][0-9.,]+[万亿]?[)]|[-+]?[0-9.,]+[万亿]?|[0-9.,]+[万亿]?-)$') }}
                    and {{ matches(bare, '^[(+-]?([0-9]+|[0-9]{1,3}([' ~ comma ~ '][0-9]{3})+)([' ~ point ~ '][0-9]*)?[万亿]?[)-]?$') }}
                    then case
                        when {{ bare }} like '%万%' or {{ bare }} like '%亿%'
                            then try_cast(
                                cast(try_cast({{ signed }} as decimal(18, 6)) as decimal(28, 6))
                                * case when {{ bare }} like '%万%' then 10000 else 100000000 end as {{ narrow }}
                            )
                        else try_cast({{ signed }} as {{ narrow }})
                    end
            end
        )
        as decimal(18, {{ scale }})
    )
{%- endmacro %}


{# Money in the business currency, less than a trillion; a third decimal is rounded half up. #}
{% macro parse_amount(text) -%}
    {{ parse_decimal(text, 2, 14) }}
{%- endmacro %}


{#
    Units of a product, or kilograms where a unit of weight stands behind the number; weighed goods have decimals.
    Any other word of up to four letters is taken for the name of a unit, "x2" and "2x" for two. Less than a billion.
#}
{% macro parse_quantity(text) -%}
    {%- set unit = regexp_replace_all(text, '[-+0-9０-９.,．，－＋ ]', '') -%}
    {%- set number = regexp_replace_all(text, '[A-Za-z×一-龥 ]', '') -%}
    coalesce(
        {{ parse_decimal(text, 3, 12) }},
        case
            when {{ matches(text, '^ *[xX×]? *[-+－＋]?[0-9０-９.,．，]+ *[A-Za-z×一-龥]{1,4} *$|^ *[xX×] *[0-9０-９]+ *$') }}
                and not {{ matches(text, '[万亿]') }}
                then cast(
                    {{ parse_decimal(number, 3, 12) }}
                    * case
                        when lower({{ unit }}) in ('g', '克') then 0.001
                        when {{ unit }} = '斤' then 0.5
                        when {{ unit }} in ('两', '兩') then 0.05
                        when lower({{ unit }}) = 't' or {{ unit }} = '吨' then 1000
                        else 1
                    end as decimal(18, 3)
                )
        end
    )
{%- endmacro %}


{#
    Whether a line is worth a trillion or more, although quantity and price by themselves are credible: nobody sold
    that, and the product would overflow.
#}
{% macro absurd_line(quantity, unit_price) -%}
    coalesce(abs(cast({{ parse_quantity(quantity) }} as double) * cast({{ parse_amount(unit_price) }} as double)) >= 1e12, false)
{%- endmacro %}


{# A whole number, such as points or a household's size. #}
{% macro parse_whole_number(text) -%}
    try_cast({{ parse_decimal(text, 0) }} as integer)
{%- endmacro %}


{#
    A consent or another yes or no; null when it was never asked or cannot be told. The everyday spellings are asked
    first, as they are: 0.2 instead of 0.6 microseconds a value.
#}
{% macro parse_yes_no(text) -%}
    {%- set yes = [
        '是', '有', '对', '真', '同意', '允许', '接受', '订阅', '已订阅', '已授权', '授权', '开启', '已开启', '启用',
        'y', 'yes', 'true', 't', '1', '1.0', 'ok', 'on', 'x', '√', '✓', '✔', '☑', 'opt-in', 'optin', 'subscribed', 'granted',
        'allow', 'allowed', 'enabled', 'accept', 'accepted',
    ] -%}
    {%- set no = [
        '否', '无', '没有', '不', '不是', '假', '不同意', '不允许', '不接受', '拒绝', '未订阅', '退订', '已退订', '未授权',
        '关闭', '已关闭', '禁用', 'n', 'no', 'false', 'f', '0', '0.0', 'off', '×', '✗', '✘', '☒', 'opt-out', 'optout',
        'unsubscribed', 'denied', 'deny', 'declined', 'disabled', 'revoked', 'withdrawn',
    ] -%}
    case
        when {{ text }} in ('是', 'Y', '1', 'true') then true
        when {{ text }} in ('否', 'N', '0', 'false') then false
        when {{ text }} = '' then null
        when lower({{ clean_text(text) }}) in ('{{ yes | join("', '") }}') then true
        when lower({{ clean_text(text) }}) in ('{{ no | join("', '") }}') then false
    end
{%- endmacro %}
