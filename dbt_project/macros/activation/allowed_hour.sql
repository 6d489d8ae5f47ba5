{# An hour of the day, moved to the end of the quiet time when it lies in it; the quiet time may run over midnight. #}
{% macro allowed_hour(hour, quiet_from, quiet_until) -%}
    case
        when {{ quiet_from }} > {{ quiet_until }} and ({{ hour }} >= {{ quiet_from }} or {{ hour }} < {{ quiet_until }})
        then {{ quiet_until }}
        when {{ hour }} >= {{ quiet_from }} and {{ hour }} < {{ quiet_until }} then {{ quiet_until }}
        else {{ hour }}
    end
{%- endmacro %}
