with

landing_files as (

    select * from {{ source('raw', 'landing_file') }} where status = 'loaded'

),

loads as (

    select * from {{ ref('int_loads__dated') }}

),

rejects as (

    select * from {{ ref('int_rejects__unioned') }}

),

landed as (

    select source, feed, load_number, sum(rows_read) as row_count

    from landing_files

    group by 1, 2, 3

),

rejected as (

    -- many rejects to one file
    select
        rejects.source,
        rejects.feed,
        landing_files.load_number,
        count(*) as rejected_count,
        {{ ordered_list('rejects.rule') }} as rules

    from rejects

    inner join landing_files
        on rejects.file_id = landing_files.file_id

    group by 1, 2, 3

),

shares as (

    -- one row per source, feed and load on every side
    select
        landed.source,
        landed.feed,
        landed.load_number,
        loads.loaded_at,
        cast(landed.row_count as bigint) as row_count,
        cast(coalesce(rejected.rejected_count, 0) as bigint) as rejected_count,
        cast(coalesce(rejected.rejected_count, 0) as double) / nullif(landed.row_count, 0) as rejected_share,
        rejected.rules

    from landed

    inner join loads
        on landed.load_number = loads.load_number

    left join rejected
        on landed.source = rejected.source
        and landed.feed = rejected.feed
        and landed.load_number = rejected.load_number

)

select * from shares
