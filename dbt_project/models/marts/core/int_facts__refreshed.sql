{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# Facts of one row per landed row: where each names its customer and, if it can, its device. #}
{%- set facts = {
    'int_events__unioned': true, 'int_reviews__unioned': false, 'int_campaign_touches__unioned': false,
} %}

with

landed as (

    select * from {{ ref('int_rows__changed') }}

),

changed_campaigns as (

    select * from {{ ref('int_campaigns__changed') }}

),

remapped_records as (

    select * from {{ ref('int_owners__remapped') }} where owner_type = 'record'

),

remapped_devices as (

    select * from {{ ref('int_owners__remapped') }} where owner_type = 'device'

),

refreshed as (

    select _file_id, _row_number from landed
    {% for fact, has_device in facts.items() %}
    union

    select _file_id, _row_number

    from {{ ref(fact) }}

    where {{ stands_in('remapped_records', {'source': 'source', 'owner_value': 'source_customer_id'}) }}
    {% if has_device %}
    union

    select _file_id, _row_number

    from {{ ref(fact) }}

    where {{ stands_in('remapped_devices', {'owner_value': 'device_id'}) }}
    {% endif %}
    {%- endfor %}
    union

    -- a touch shows the channel of its campaign
    select _file_id, _row_number

    from {{ ref('int_campaign_touches__unioned') }}

    where {{ stands_in('changed_campaigns', ['source', 'campaign_id']) }}

)

select * from refreshed
