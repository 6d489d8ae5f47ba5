{#
    Condition: the row's customer is one of those that a statement is about. Where a whole table is built from more than
    so many rows of a relation, it is built in parts, customers by their hash, one after the other: sums and joins of all
    customers at once would go to disk, or not fit. Every input that has rows of customers carries it.
#}
{% macro some_at_a_time(relation, rows, column='customer_id') -%}
    true /* {{ column }}: {{ rows }} rows of {{ relation }} at a time */
{%- endmacro %}


{# The query once for each part of the customers; as it is where nothing asks for parts, or one part is enough. #}
{% macro in_parts(compiled_code) -%}
    {%- set mark = 'true /\\* (\\S+): (\\d+) rows of (\\S+) at a time \\*/' -%}
    {%- set found = modules.re.search(mark, compiled_code) -%}
    {%- if not found -%}
        {{ return([compiled_code]) }}
    {%- endif -%}
    {%- set counted = run_query('select cast(count(*) as bigint) from ' ~ found.group(3)).rows[0][0] -%}
    {%- set parts = (counted / (found.group(2) | int)) | round(0, 'ceil') | int -%}
    {%- if parts <= 1 -%}
        {{ return([compiled_code]) }}
    {%- endif -%}
    {%- set queries = [] -%}
    {%- for part in range(parts) -%}
        {%- do queries.append(modules.re.sub(mark, 'hash(\\1) % ' ~ parts ~ ' = ' ~ part, compiled_code)) -%}
    {%- endfor -%}
    {{ return(queries) }}
{%- endmacro %}
