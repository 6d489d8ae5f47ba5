{#
    What lies where on as_of_date. A product that the snapshots of a location have not listed for five weeks is not
    stocked there any more; so a run looks at five weeks of snapshots, however long the history.
#}
{%- set listed_within_days = 35 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

snapshots as (

    select snapshots.*

    from {{ ref('int_stock__unioned') }} as snapshots

    cross join as_of

    where snapshots.snapshot_date <= as_of.as_of_date

),

last_snapshots as (

    select source, location_id, max(snapshot_date) as last_snapshot_date

    from snapshots

    group by source, location_id

),

recent as (

    -- one last snapshot per location
    select
        snapshots.*,
        row_number() over (
            partition by snapshots.source, snapshots.location_id, snapshots.product_id
            order by snapshots.snapshot_date desc
        ) as recency

    from snapshots

    inner join last_snapshots
        on snapshots.source = last_snapshots.source
        and snapshots.location_id = last_snapshots.location_id

    where snapshots.snapshot_date > {{ add_days('last_snapshots.last_snapshot_date', -listed_within_days) }}

),

latest as (

    select
        source,
        location_id,
        location_type,
        product_id,
        on_hand_quantity,
        in_transit_quantity,
        snapshot_date

    from recent

    where recency = 1

)

select * from latest
