with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

seen as (

    select * from {{ ref('int_customers__seen') }}

),

records as (

    -- one row per record on both sides
    select
        customers.record_key,
        customers.source,
        customers.source_customer_id,
        customers.full_name,
        customers.gender,
        customers.birth_date,
        seen.first_seen_at,
        seen.last_seen_at

    from customers

    inner join seen
        on customers.source = seen.source
        and customers.source_customer_id = seen.source_customer_id

)

select * from records
