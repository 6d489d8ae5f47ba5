-- A failing row is a key of a landing contract of which several rows count. Rows of a key that got none since the last
-- complete run were looked at then, unless the staging table was built whole.

{% for feed in registered_feeds() %}
{%- set staging_model = 'stg_' ~ feed['source'] ~ '__' ~ feed['feed'] %}
select '{{ feed['source'] }}' as source, '{{ feed['feed'] }}' as feed, count(*) as row_count

from {{ ref(staging_model) }}

where
    _verdict = 'staged'
    and (_changed_in > {{ run_context('complete_load_number') }} or {{ is_rebuilt(staging_model) }})

group by {{ feed['keys'] | join(', ') }}

having count(*) > 1

{{ 'union all' if not loop.last }}
{% endfor %}
