{# A measure of customer_features over the days that a setting names. #}
{% macro over_days(measure, days) -%}
    case {{ days }}
        {%- for length in segment_windows() %}
        when {{ length }} then features.{{ measure }}_{{ length }}d
        {%- endfor %}
    end
{%- endmacro %}


{#
    A number with its first three digits only, so that one late order does not move a cut point. `up` is for cut
    points that a value has to exceed and `down` for those that it has to reach: whoever stands on the quantile
    itself then stays on the side where they were.
#}
{% macro three_digits(value, direction) -%}
    {%- set step = 'power(10, floor(log10(abs(nullif(' ~ value ~ ', 0)))) - 2)' -%}
    {%- set rounding = {'up': 'ceil', 'down': 'floor'}[direction] -%}
    {%- set steps = rounding ~ '(' ~ rounded(value ~ ' / ' ~ step, 6) ~ ')' -%}
    coalesce({{ rounded(steps ~ ' * ' ~ step, 6) }}, {{ value }})
{%- endmacro %}


{#
    Silence in days after which a customer counts as dormant or lost: fixed when a setting says so, else their own
    rhythm, or for one-time buyers the time that second purchases take. Null for who never bought.
#}
{% macro patience_days(limit, purchase_days, mean_gap_days, second_purchase_days) -%}
    cast(
        case
            when {{ purchase_days }} >= 1 and rules.lifecycle_fixed_{{ limit }}_days is not null
                then rules.lifecycle_fixed_{{ limit }}_days
            when {{ purchase_days }} = 1 then {{ second_purchase_days }}
            when {{ purchase_days }} > 1
                then ceil(greatest(
                    rules.lifecycle_{{ limit }}_gap_factor * {{ mean_gap_days }},
                    rules.lifecycle_{{ limit }}_least_days
                ))
        end as bigint
    )
{%- endmacro %}
