{# The expression holds on every row; a null answer is a failure, so say what an empty column means. #}
{% test expression_is_true(model, expression, column_name=none) %}

select *

from {{ model }}

where not coalesce({{ (column_name ~ ' ') if column_name }}{{ expression }}, false)

{% endtest %}
