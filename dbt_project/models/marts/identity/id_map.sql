with

id_map as (

    select * from {{ source('identity', 'id_map') }}

),

publishable as (

    select
        id_type,
        id_scope,
        published_value as id_value,
        customer_id,
        source,
        match_method,
        cast(match_probability as double) as match_probability

    from id_map

)

select * from publishable
