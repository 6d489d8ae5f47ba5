{#
    No value of several columns is missing. One test for all columns of a model, as in_range; a table with an enforced
    contract says so in its constraints instead.
#}
{% test filled(model, columns) %}

select {{ columns | join(', ') }}

from {{ model }}

where {{ columns | join(' is null or ') }} is null

{% endtest %}
