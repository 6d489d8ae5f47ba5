{{ config(materialized='table') }}

{# every feed whose rows name the order they belong to, by each column that does #}
{% set feeds = [] %}
{%- for feed in registered_feeds() -%}
    {%- for column in feed['order'] -%}
        {%- do feeds.append((feed['source'], feed['feed'], column)) -%}
    {%- endfor -%}
{%- endfor -%}

with

touched as (
{% for source, feed, column in feeds %}
    select '{{ source }}' as source, {{ column }} as order_id

    from {{ ref('stg_' ~ source ~ '__' ~ feed) }}

    where {{ column }} is not null and {{ changed_rows() }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

named_together as (

    -- rows of an order that changed may name others, which then take part in what it is
    {%- for feed in registered_feeds() if feed['order'] | length > 1 %}
    {%- for column in feed['order'][1:] %}
    select '{{ feed['source'] }}' as source, {{ column }} as order_id

    from {{ ref('stg_' ~ feed['source'] ~ '__' ~ feed['feed']) }}

    where
        {{ column }} is not null
        and {{ stands_in('touched', {'source': "'" ~ feed['source'] ~ "'", 'order_id': feed['order'][0]}) }}

    union all
    {% endfor %}
    {%- endfor %}
    select source, order_id from touched

),

changed as (

    select distinct source, order_id from named_together

)

select * from changed
