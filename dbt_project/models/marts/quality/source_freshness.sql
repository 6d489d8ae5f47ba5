with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landing_files as (

    select * from {{ source('raw', 'landing_file') }}

),

profiled as (

    select * from {{ ref('int_loads__profiled') }}

),

allowances as (
    {% for feed in registered_feeds() %}
    select
        '{{ feed['source'] }}' as source,
        '{{ feed['feed'] }}' as feed,
        cast({{ feed['fresh_within_days'] or 'null' }} as integer) as fresh_within_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

files as (

    select
        source,
        feed,
        count_if(status = 'loaded') as loaded_files,
        count_if(status = 'failed') as failed_files,
        sum(rows_loaded) as loaded_rows,
        max(case when status = 'loaded' then loaded_at end) as last_loaded_at

    from landing_files

    group by source, feed

),

newest_rows as (

    select source, feed, max(newest_row_at) as newest_row_at

    from profiled

    group by source, feed

),

freshness as (

    -- one row per source and feed on every side; one as_of row
    select
        files.source,
        files.feed,
        cast(files.loaded_files as bigint) as loaded_files,
        cast(files.failed_files as bigint) as failed_files,
        cast(files.loaded_rows as bigint) as loaded_rows,
        files.last_loaded_at,
        newest_rows.newest_row_at,
        cast(
            {{ days_between(business_date('newest_rows.newest_row_at'), 'as_of.as_of_date') }} as bigint
        ) as lag_days,
        allowances.fresh_within_days

    from files

    cross join as_of

    inner join allowances
        on files.source = allowances.source
        and files.feed = allowances.feed

    left join newest_rows
        on files.source = newest_rows.source
        and files.feed = newest_rows.feed

)

select * from freshness
