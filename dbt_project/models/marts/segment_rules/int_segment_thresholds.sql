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
        {%- for kind, settings in segment_settings().items() %}
        {%- set last_kind = loop.last %}
        {%- for setting in settings %}
        max(value) filter (
            where kind = '{{ kind }}' and setting = '{{ setting }}'
        ) as {{ kind }}_{{ setting }}{{ ',' if not (last_kind and loop.last) }}
        {%- endfor %}
        {%- endfor %}

    from thresholds

    where status in ('live', 'candidate')

    group by version, status

)

select * from side_by_side
