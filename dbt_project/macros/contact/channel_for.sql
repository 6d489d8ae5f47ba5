{# Channels that people are written to on; the earlier of two equals goes first. #}
{% macro contact_channels() -%}
    {{ return(['sms', 'email', 'push', 'ads', 'wechat']) }}
{%- endmacro %}


{#
    The channel for a play (`plays`): the customer's own best (`best_channels`), the play's, its fallback, else whichever
    may be used (`reachable`). An advertisement stays one: it is no reason to send a text message. Null for a play that
    sends nothing, and for whom nothing may be sent to.
#}
{% macro channel_for(plays='plays', best_channels='best_channels', reachable='reachable') -%}
    case
        when {{ plays }}.channel is null then null
        when {{ plays }}.channel = 'ads' then case when {{ reachable }}.is_reachable_ads then 'ads' end
        when {{ best_channels }}.channel is not null then {{ best_channels }}.channel
        {%- for column in ['channel', 'fallback_channel'] %}
        when {{ is_reachable_on(plays ~ '.' ~ column, reachable) }} then {{ plays }}.{{ column }}
        {%- endfor %}
        {%- for channel in contact_channels() %}
        when {{ reachable }}.is_reachable_{{ channel }} then '{{ channel }}'
        {%- endfor %}
    end
{%- endmacro %}


{% macro is_reachable_on(channel, reachable='reachable') -%}
    (
        {%- for code in contact_channels() %}
        {{ 'or ' if not loop.first }}({{ channel }} = '{{ code }}' and {{ reachable }}.is_reachable_{{ code }})
        {%- endfor %}
    )
{%- endmacro %}


{% macro is_reachable_anywhere(reachable='reachable') -%}
    (
        {%- for code in contact_channels() %}
        {{ 'or ' if not loop.first }}{{ reachable }}.is_reachable_{{ code }}
        {%- endfor %}
    )
{%- endmacro %}
