{# Among the rows that count, the contract's keys name one row. #}
{% test unique_among_staged(model, keys) %}

select {{ keys | join(', ') }}, count(*) as row_count

from {{ model }}

where _verdict = 'staged'

group by {{ keys | join(', ') }}

having count(*) > 1

{% endtest %}
