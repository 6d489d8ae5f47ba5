{{ config(materialized='table') }}

with

touched as (
{% for provider in providers('campaigns') %}
    select
        '{{ provider['source'] }}' as source,
        {{ provider['as'].get('campaign_id', 'campaign_id') }} as campaign_id

    from {{ ref(provider['model']) }}

    where _verdict <> 'rejected' and {{ changed_rows() }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

changed as (

    select distinct source, campaign_id from touched

)

select * from changed
