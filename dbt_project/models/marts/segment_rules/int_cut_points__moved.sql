{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Cut points of the live version that are not what they were when the last complete run ended.
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
    select
        coalesce(cut_points.as_of_date, before.as_of_date) as as_of_date,
        coalesce(cut_points.kind, before.kind) as kind,
        coalesce(cut_points.setting, before.setting) as setting,
        before.value as value_before,
        cut_points.value

    from cut_points

    full outer join before
        on cut_points.as_of_date = before.as_of_date
        and cut_points.kind = before.kind
        and cut_points.setting = before.setting

    where cut_points.value is distinct from before.value

)

select * from moved
