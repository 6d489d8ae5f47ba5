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

changed as (

    select distinct source, order_id from touched

)

select * from changed
