{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['source', 'feed', 'load_number'],
) }}

{#
    How full each column is, per load, among the rows that staging could read. Only new loads are counted, so that
    the trend costs nothing to keep.
#}

with
{% for feed in registered_feeds() %}
{{ feed['source'] }}__{{ feed['feed'] }} as (

    select
        _load_number as load_number,
        count(*) as row_count,
        {%- for column in feed['staged'] %}
        count({{ column }}) as {{ column }},
        {%- endfor %}
        max({{ feed['time'] or 'cast(null as timestamp)' }}) as newest_row_at

    from {{ ref('stg_' ~ feed['source'] ~ '__' ~ feed['feed']) }}

    where
        _verdict <> 'rejected'
        {%- if is_incremental() %}
        and _load_number > {{ run_context('complete_load_number') }}
        {%- endif %}

    group by _load_number

),
{% endfor %}
profiled as (
{% for feed in registered_feeds() %}
    select
        '{{ feed['source'] }}' as source,
        '{{ feed['feed'] }}' as feed,
        loads.load_number,
        names.column_name,
        loads.row_count,
        case names.column_name
            {%- for column in feed['staged'] %}
            when '{{ column }}' then loads.{{ column }}
            {%- endfor %}
        end as filled_count,
        loads.newest_row_at

    from {{ feed['source'] }}__{{ feed['feed'] }} as loads

    cross join (
        values {% for column in feed['staged'] %}('{{ column }}'){{ ', ' if not loop.last }}{% endfor %}
    ) as names (column_name)
{{ '    union all' if not loop.last }}
{%- endfor %}
)

select * from profiled
