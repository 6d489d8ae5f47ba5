{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Snapshots in which a cut point of the live version is not what it was when the last complete run ended: there
    everybody is judged again.
#}
with

before as (

    select * from {{ source('ops', 'complete_cut_point') }}

),

live_versions as (

    select * from {{ ref('int_segment_thresholds') }} where status = 'live'

),

cut_points as (

    select cut_points.*

    from {{ ref('segment_cut_point') }} as cut_points

    inner join live_versions
        on cut_points.version = live_versions.version

),

moved as (

    -- one row per snapshot and cut point on both sides
    select distinct coalesce(cut_points.as_of_date, before.as_of_date) as as_of_date

    from cut_points

    full outer join before
        on cut_points.as_of_date = before.as_of_date
        and cut_points.kind = before.kind
        and cut_points.setting = before.setting

    where cut_points.value is distinct from before.value

)

select * from moved
