{{ kept_except('int_orders__refreshed', ['source', 'order_id']) }}
{{ config(on_schema_change='fail') }}

with

orders as (

    select *

    from {{ ref('int_orders__unioned') }}

    where {{ only_changed('int_orders__refreshed', ['source', 'order_id']) }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

resolved as (

    -- many orders to one record; anonymous orders have none
    select
        ---------- ids
        orders.order_id,
        orders.source,
        records.customer_id,
        orders.source_customer_id,

        ---------- strings
        orders.channel,
        orders.store_id,
        orders.status,

        ---------- dates and timestamps
        orders.ordered_at,
        {{ business_date('orders.ordered_at') }} as order_date,

        ---------- numerics
        orders.gross_amount,
        orders.discount_amount,
        orders.coupon_amount,
        orders.paid_amount,
        orders.refund_amount,
        orders.net_amount,

        ---------- booleans
        orders.is_valid

    from orders

    left join records
        on orders.source = records.source
        and orders.source_customer_id = records.source_customer_id

)

select * from resolved
