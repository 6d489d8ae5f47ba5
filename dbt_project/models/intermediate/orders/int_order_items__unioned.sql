with

landed as (

    select * from {{ ref('int_order_items__landed') }}

),

completed as (

    -- of list amount, discount and net amount any one follows from the other two
    select
        source,
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price,
        cast(
            coalesce(
                discount_amount,
                cast(round(quantity * unit_price, 2) as decimal(18, 2)) - net_amount,
                0
            ) as decimal(18, 2)
        ) as discount_amount,
        cast(
            coalesce(
                net_amount,
                cast(round(quantity * unit_price, 2) as decimal(18, 2)) - coalesce(discount_amount, 0)
            ) as decimal(18, 2)
        ) as net_amount

    from landed

)

select * from completed
