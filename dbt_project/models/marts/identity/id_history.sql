with

id_history as (

    select * from {{ source('identity', 'id_history') }}

),

publishable as (

    select
        cast(event_id as bigint) as event_id,
        run_id,
        cast(as_of_date as date) as as_of_date,
        event,
        customer_id,
        related_customer_id,
        cast(record_count as bigint) as record_count,
        reason

    from id_history

)

select * from publishable
