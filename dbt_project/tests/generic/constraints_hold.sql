{#
    What a model's rows must be, as SQL's constraints say it: `unique` (lists of columns; nulls count as a value), `not_null`,
    `accepted_values` and `accepted_range` (both bounds included) by column, where nulls pass, and `check` (expressions; a null
    answer is a failure). One row per constraint that does not hold.

    One test for all constraints of a model: each test is a node of its own, which costs a run more than the look at the values.
#}
{% test constraints_hold(model, unique=[], not_null=[], accepted_values={}, accepted_range={}, check=[]) %}

{{ config(fail_calc='coalesce(sum(row_count), 0)') }}

{% set conditions = {} %}
{% for column in not_null %}
    {% do conditions.update({'not_null ' ~ column: column ~ ' is null'}) %}
{% endfor %}
{% for column, values in accepted_values.items() %}
    {% set literals = [] %}
    {% for value in values %}
        {% do literals.append("'" ~ value | replace("'", "''") ~ "'" if value is string else value) %}
    {% endfor %}
    {% do conditions.update({'accepted_values ' ~ column: column ~ ' not in (' ~ literals | join(', ') ~ ')'}) %}
{% endfor %}
{% for column, bounds in accepted_range.items() %}
    {% if bounds[0] is not none %}
        {% do conditions.update({'accepted_range ' ~ column ~ ' low': column ~ ' < ' ~ bounds[0]}) %}
    {% endif %}
    {% if bounds[1] is not none %}
        {% do conditions.update({'accepted_range ' ~ column ~ ' high': column ~ ' > ' ~ bounds[1]}) %}
    {% endif %}
{% endfor %}
{% for expression in check %}
    {% do conditions.update({'check ' ~ expression | replace("'", "''"): 'not coalesce(' ~ expression ~ ', false)'}) %}
{% endfor %}

with

{% if conditions %}
counted as (

    select
        {% for condition in conditions.values() %}
        count(case when {{ condition }} then 1 end) as broken_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}

    from {{ model }}

),

{% endif %}
broken as (

    {% for name in conditions %}
    select '{{ name }}' as constraint_name, broken_{{ loop.index }} as row_count from counted
    {{ 'union all' if unique or not loop.last }}
    {% endfor %}
    {% for columns in unique %}
    select 'unique {{ columns | join(', ') }}' as constraint_name, count(*) as row_count
    from (
        select {{ columns | join(', ') }}
        from {{ model }}
        group by {{ columns | join(', ') }}
        having count(*) > 1
    ) as repeated
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select constraint_name, row_count

from broken

where row_count > 0

{% endtest %}
