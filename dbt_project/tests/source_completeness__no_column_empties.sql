{{ config(severity='warn') }}

-- A failing row is a column that the newest load of its feed fills less than half as often as the loads before did:
-- an export that lost a column, or a form that no longer asks. Loads below 100 rows say nothing.

with

completeness as (

    select * from {{ ref('source_completeness') }} where row_count >= 100

),

newest as (

    select
        *,
        max(load_number) over (partition by source, feed) as newest_load_number

    from completeness

),

before as (

    select
        source,
        feed,
        column_name,
        cast(sum(filled_count) as double) / sum(row_count) as filled_share

    from newest

    where load_number < newest_load_number

    group by source, feed, column_name

),

emptied as (

    -- one row per column on both sides
    select
        newest.source,
        newest.feed,
        newest.column_name,
        newest.filled_share,
        before.filled_share as filled_share_before

    from newest

    inner join before
        on newest.source = before.source
        and newest.feed = before.feed
        and newest.column_name = before.column_name

    where
        newest.load_number = newest.newest_load_number
        and before.filled_share >= 0.1
        and newest.filled_share < before.filled_share / 2

)

select * from emptied
