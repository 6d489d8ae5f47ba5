with

provided as (

    {{ provided('refunds') }}

),

statements as (

    select * from {{ ref('int_order_statements__completed') }} where refund_amount <> 0

),

unioned as (

    select
        source,
        order_id,
        refund_id,
        refunded_at,
        refund_amount,
        source_customer_id,
        channel,
        store_id

    from provided

    union all

    -- an order statement does not say when money went back
    select
        source,
        order_id,
        order_id as refund_id,
        ordered_at as refunded_at,
        refund_amount,
        source_customer_id,
        channel,
        store_id

    from statements

)

select * from unioned
