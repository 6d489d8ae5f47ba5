{# What campaign platforms write: channels, shares, and under what they know a recipient. #}

{#
    The code of a channel by the names that platforms and people give it; a text that is none of them stays as it is,
    in lower case.
#}
{% macro channel_code(text) -%}
    {%- set clean = "lower(" ~ clean_text(text) ~ ")" -%}
    case
        {%- for code, names in {
            'sms': ['短信', '短消息', 'message'],
            'email': ['邮件', '电子邮件', 'edm', 'mail', 'e-mail'],
            'push': ['推送', 'app推送', '消息推送', 'notification'],
            'wechat': ['微信', '公众号', '微信公众号', '小程序', '微信小程序', '微信小店', 'weixin'],
            'wecom': ['企业微信', '企微'],
            'ads': ['广告', '信息流', '广告投放', 'ad', 'advertising'],
            'store': ['门店', '线下门店', '收银台', 'pos'],
            'tmall': ['天猫', '天猫旗舰店'],
            'jd': ['京东'],
            'shop': ['官方商城', '商城', '官网', 'web'],
            'app': ['自有app', '手机app'],
            'weibo': ['微博'],
        }.items() %}
        when {{ clean }} in ('{{ names | join("', '") }}') then '{{ code }}'
        {%- endfor %}
        else {{ clean }}
    end
{%- endmacro %}


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
