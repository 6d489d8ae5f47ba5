with

id_edge as (

    select * from {{ source('identity', 'id_edge') }}

),

publishable as (

    select
        record_key_a,
        record_key_b,
        customer_id,
        rule,
        id_type,
        id_scope,
        value_hash,
        cast(probability as double) as probability,
        cast(match_weight as double) as match_weight,
        evidence,
        sources,
        cast(first_seen_at as timestamp) as first_seen_at,
        cast(last_seen_at as timestamp) as last_seen_at

    from id_edge

)

select * from publishable
