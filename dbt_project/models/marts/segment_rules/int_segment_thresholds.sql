{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

thresholds as (

    select * from {{ ref('segment_threshold') }}

),

side_by_side as (

    -- one row per version, kind and setting
    select
        version,
        status,
        {{ settings_side_by_side('value') }}

    from thresholds

    where status in ('live', 'candidate')

    group by version, status

)

select * from side_by_side
