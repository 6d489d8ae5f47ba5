{{ kept_except('int_orders__refreshed', ['source', 'order_id']) }}
{{ config(on_schema_change='fail') }}

with

order_items as (

    select *

    from {{ ref('int_order_items__unioned') }}

    where {{ only_changed('int_orders__refreshed', ['source', 'order_id']) }}

),

orders as (

    select * from {{ ref('orders') }}

),

resolved as (

    -- many lines to one order; a line whose order has not landed keeps its product and amounts
    select
        order_items.source,
        order_items.order_id,
        order_items.line_no,
        orders.customer_id,
        orders.channel,
        orders.order_date,
        order_items.product_id,
        order_items.quantity,
        order_items.unit_price,
        order_items.discount_amount,
        order_items.net_amount

    from order_items

    left join orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

)

select * from resolved
