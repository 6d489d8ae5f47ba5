with

customer_redirect as (

    select * from {{ source('identity', 'customer_redirect') }}

),

publishable as (

    select
        customer_id,
        current_customer_id

    from customer_redirect

)

select * from publishable
