with

id_quality as (

    select * from {{ source('identity', 'id_quality') }}

),

publishable as (

    select
        check_name,
        cast(value as double) as value,
        cast(previous_value as double) as previous_value,
        cast(warn_above as double) as warn_above,
        cast(fail_above as double) as fail_above,
        outcome,
        description

    from id_quality

)

select * from publishable
