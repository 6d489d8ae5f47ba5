{{ config(on_schema_change='fail') }}
{{ kept_per_cut_snapshot() }}

with

features as (

    select * from {{ ref('customer_features') }} where {{ only_cut_snapshots() }}

),

rules as (

    select * from {{ ref('int_segment_cut_points') }} where status = 'live'

),

{{ segment_steps() }},

history as (

    select
        customer_id,
        as_of_date,
        r_score,
        f_score,
        m_score,
        promo_sensitivity,
        {{ segment_kinds() | join(',\n        ') }}

    from segmented

)

select * from history
