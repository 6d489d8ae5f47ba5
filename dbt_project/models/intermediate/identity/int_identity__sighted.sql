{{ kept_except('int_identity__records_changed', ['source', 'source_customer_id']) }}

with

evidence as (

    select * from {{ ref('int_identity__evidence_until') }}

),

declared as (

    select * from {{ ref('int_identity__declared') }}

),

observed as (

    select * from {{ ref('int_identity__observed') }}

),

sightings as (

    select source, source_customer_id, id_type, id_scope, id_value, first_seen_at, last_seen_at from declared

    union all

    select source, source_customer_id, id_type, id_scope, id_value, seen_at, seen_at from observed

),

changed as (

    select *

    from sightings

    where {{ only_changed('int_identity__records_changed', ['source', 'source_customer_id']) }}

),

sighted as (

    select
        changed.source,
        changed.source_customer_id,
        changed.id_type,
        changed.id_scope,
        changed.id_value,
        min(changed.first_seen_at) as first_seen_at,
        max(changed.last_seen_at) as last_seen_at

    from changed

    -- one row
    cross join evidence

    where changed.first_seen_at is null or changed.first_seen_at < evidence.until_at

    group by 1, 2, 3, 4, 5

)

select * from sighted
