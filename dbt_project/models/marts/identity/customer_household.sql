with

customer_household as (

    select * from {{ source('identity', 'customer_household') }}

),

publishable as (

    select
        customer_id,
        household_id,
        cast(member_count as integer) as member_count

    from customer_household

)

select * from publishable
