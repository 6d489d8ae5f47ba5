with

id_edge_blocked as (

    select * from {{ source('identity', 'id_edge_blocked') }}

),

publishable as (

    select
        record_key_a,
        record_key_b,
        id_type,
        id_scope,
        value_hash,
        cast(record_count as bigint) as record_count,
        reason

    from id_edge_blocked

)

select * from publishable
