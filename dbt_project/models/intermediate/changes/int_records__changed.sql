{{ config(materialized='table') }}

{#
    Records that something new is known of. A row that only names an order counts for whoever placed the order, and
    an order that changed hands counts for both.
#}
{% set feeds = [] %}
{%- for feed in registered_feeds() -%}
    {%- for column in feed['customer'] -%}
        {%- do feeds.append((feed['source'], feed['feed'], column, feed['order'])) -%}
    {%- endfor -%}
{%- endfor -%}

with

touched as (
{% for source, feed, column, order_columns in feeds %}
    select '{{ source }}' as source, {{ column }} as source_customer_id

    from {{ ref('stg_' ~ source ~ '__' ~ feed) }}

    where
        {{ column }} is not null
        and (
            {{ changed_rows() }}
            {%- for order_column in order_columns %}
            or {{ stands_in(ref('int_orders__changed'), {'source': "'" ~ source ~ "'", 'order_id': order_column}) }}
            {%- endfor %}
        )
{{ '    union all' if not loop.last }}
{%- endfor %}
),

changed as (

    select distinct source, source_customer_id from touched

)

select * from changed
