{# What campaign platforms write: shares, and under what they know a recipient. #}

{# A share of a whole between 0 and 1, from 10%, 0.1 or 10; null when unreadable or more than the whole. #}
{% macro parse_share(text) -%}
    {%- set number = "cast(" ~ parse_decimal(regexp_replace_all(text, '[%％]', ''), 4) ~ " as double)" -%}
    case
        when {{ number }} < 0 or {{ number }} > 100 then null
        when {{ number }} > 1 or {{ matches(text, '[%％]') }} then {{ number }} / 100
        else {{ number }}
    end
{%- endmacro %}


{# The recipient of a row as one kind of identifier; null when the platform knows it under another kind. #}
{% macro recipient_as(id_type) -%}
    {%- set names = {
        'member_no': ['member_no', '会员号', '会员卡号'],
        'phone': ['phone', 'mobile', '手机号', '手机', '手机号码'],
        'email': ['email', 'e-mail', '邮箱', '电子邮箱'],
    }[id_type] -%}
    {%- set value = {
        'member_no': clean_code('source.recipient'),
        'phone': normalise_phone('source.recipient'),
        'email': normalise_email('source.recipient'),
    }[id_type] -%}
    case when lower({{ clean_text('source.recipient_type') }}) in ('{{ names | join("', '") }}') then {{ value }} end
{%- endmacro %}
