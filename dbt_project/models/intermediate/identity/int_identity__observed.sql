with

shown as (

    {{ provided('identifiers') }}

),

events as (

    select * from {{ ref('int_events__unioned') }}

),

observed as (

    select source, source_customer_id, id_type, id_scope, id_value, seen_at from shown

    union all

    select
        source,
        source_customer_id,
        'device' as id_type,
        '' as id_scope,
        device_id as id_value,
        occurred_at as seen_at

    from events

    where source_customer_id is not null and device_id is not null

)

select * from observed
