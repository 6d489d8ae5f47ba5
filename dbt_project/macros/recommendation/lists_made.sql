{#
    The lists of products that the last run left, where this one may go on from them; no rows otherwise. The Python step
    that makes lists comes later in a run, so there is no edge in the graph to what it wrote before.
#}
{% macro lists_made() -%}
    {%- set made = adapter.get_relation(this.database, 'analysis', 'customer_recommendation') if execute -%}
    {%- if made and 'history' in adapter.get_columns_in_relation(made) | map(attribute='name') -%}
        select customer_id, product_id, as_of_date, graded_until, history from {{ made }} where {{ run_context('goes_on') }}
    {%- else -%}
        select
            cast(null as string) as customer_id,
            cast(null as string) as product_id,
            cast(null as date) as as_of_date,
            cast(null as date) as graded_until,
            cast(null as string) as history

        from {{ ref('int_run__as_of') }}

        where false
    {%- endif -%}
{%- endmacro %}
