{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Who is judged again in a closed snapshot because a cut point moved: whoever stands between the old one and the new
    one. Everybody does where one of the two is not known, and for rates at which orders were discounted, which enter
    everybody's sensitivity. Where no run was complete nobody does, since everybody is judged anyway.
#}
with

moved as (

    select *

    from {{ ref('int_cut_points__moved') }}

    where
        as_of_date < {{ first_open_date() }}
        and exists (select 1 from {{ source('ops', 'complete_cut_point') }})

),

features as (

    select * from {{ ref('customer_features') }} where {{ stands_in('moved', ['as_of_date']) }}

),

rules as (

    select * from {{ ref('int_segment_cut_points') }} where status = 'live'

),

{{ segment_measured() }},

crossed as (

    select distinct measured.customer_id, measured.as_of_date

    from measured

    inner join moved
        on measured.as_of_date = moved.as_of_date

    where
        moved.kind = 'promo'
        or moved.value is null
        or moved.value_before is null
        or case moved.kind || '_' || moved.setting
            {%- for point in segment_quantiles() %}
            when '{{ point['kind'] }}_{{ point['setting'] }}' then measured.{{ segment_measure_column(point['measure']) }}
            {%- endfor %}
        end between least(moved.value_before, moved.value) and greatest(moved.value_before, moved.value)

)

select * from crossed
