{#
    Rows that the files held, beside what became of each. The first figure is the reader's count of lines,
    the others are counted in the staging tables and in the quarantine: nothing is computed as a remainder.
#}

with

run as (

    select run_id from {{ ref('int_run__as_of') }}

),

landing_files as (

    select * from {{ source('raw', 'landing_file') }} where status = 'loaded'

),

rejected_lines as (

    select * from {{ source('raw', 'rejected_line') }}

),

landed as (

    select
        source,
        feed,
        sum(rows_read) as raw_rows,
        sum(rows_erased) as erased_rows

    from landing_files

    group by source, feed

),

unreadable as (

    -- many lines to one file; files that failed as a whole landed nothing
    select
        rejected_lines.source,
        rejected_lines.feed,
        count(*) as unreadable_rows

    from rejected_lines

    inner join landing_files
        on rejected_lines.file_id = landing_files.file_id

    group by rejected_lines.source, rejected_lines.feed

),

judged as (
    {% for feed in registered_feeds() %}
    select
        '{{ feed['source'] }}' as source,
        '{{ feed['feed'] }}' as feed,
        count_if(_verdict = 'staged') as staged_rows,
        count_if(_verdict = 'duplicate') as duplicate_rows,
        count_if(_verdict = 'rejected') as rejected_rows

    from {{ ref('stg_' ~ feed['source'] ~ '__' ~ feed['feed']) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

feeds as (

    select source, feed from landed
    union
    select source, feed from unreadable
    union
    select source, feed from judged

),

balanced as (

    -- one row per source and feed on every side
    select
        run.run_id,
        feeds.source,
        feeds.feed,
        cast(coalesce(landed.raw_rows, 0) as bigint) as raw_rows,
        cast(coalesce(judged.staged_rows, 0) as bigint) as staged_rows,
        cast(coalesce(judged.duplicate_rows, 0) as bigint) as duplicate_rows,
        cast(
            coalesce(judged.rejected_rows, 0) + coalesce(unreadable.unreadable_rows, 0) as bigint
        ) as rejected_rows,
        cast(coalesce(landed.erased_rows, 0) as bigint) as erased_rows

    from feeds

    cross join run

    left join landed
        on feeds.source = landed.source
        and feeds.feed = landed.feed

    left join judged
        on feeds.source = judged.source
        and feeds.feed = judged.feed

    left join unreadable
        on feeds.source = unreadable.source
        and feeds.feed = unreadable.feed

)

select * from balanced
