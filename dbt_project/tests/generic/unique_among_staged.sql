{#
    Among the rows that count, the contract's keys name one row and are filled; `nullable` lists the keys that may
    be empty and then count as a value.
#}
{% test unique_among_staged(model, keys, nullable=[]) %}

select {{ keys | join(', ') }}, count(*) as row_count

from {{ model }}

where _verdict = 'staged'

group by {{ keys | join(', ') }}

having
    count(*) > 1
    {%- for key in keys if key not in nullable %}
    or {{ key }} is null
    {%- endfor %}

{% endtest %}
