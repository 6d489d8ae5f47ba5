{{ config(materialized='table') }}

with

changed as (
{% for feed in registered_feeds() %}
    select _file_id, _row_number

    from {{ ref('stg_' ~ feed['source'] ~ '__' ~ feed['feed']) }}

    where {{ changed_rows() }}
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from changed
