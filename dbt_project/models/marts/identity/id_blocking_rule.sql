with

id_blocking_rule as (

    select * from {{ source('identity', 'id_blocking_rule') }}

),

publishable as (

    select
        rule,
        state,
        cast(pairs as bigint) as pairs

    from id_blocking_rule

)

select * from publishable
