{{ kept_except('int_rows__changed', ['_file_id', '_row_number']) }}

with

rejected as (
{% for feed in registered_feeds() %}
    {{ rejected_rows(feed['source'], feed['feed']) }}
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from rejected
