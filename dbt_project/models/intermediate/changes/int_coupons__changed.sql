{{ config(materialized='table') }}

{# both kinds of rows name the coupon they belong to; an older version that named another one counts for that one #}
{% set parts = providers('coupons') + providers('coupon_redemptions') %}

with

touched as (
{% for provider in parts %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('coupon_id', 'coupon_id') }} as coupon_id

    from {{ ref(provider['model']) }}

    where _verdict <> 'rejected' and {{ changed_rows() }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

changed as (

    select distinct source, coupon_id from touched where coupon_id is not null

)

select * from changed
