with

record_former_id as (

    select * from {{ source('identity', 'record_former_id') }}

),

publishable as (

    select
        record_key,
        customer_id,
        cast(left_order as bigint) as left_order

    from record_former_id

)

select * from publishable
