{#
    Values of several columns lie within their bounds, both included; nulls pass. One test for all columns of a model: each
    test is a node of its own, which costs a run more than the look at the values.
#}
{% test in_range(model, ranges) %}

select {{ ranges.keys() | join(', ') }}

from {{ model }}

where
    false
    {%- for column, bounds in ranges.items() %}
    {%- if bounds[0] is not none %}
    or {{ column }} < {{ bounds[0] }}
    {%- endif %}
    {%- if bounds[1] is not none %}
    or {{ column }} > {{ bounds[1] }}
    {%- endif %}
    {%- endfor %}

{% endtest %}
