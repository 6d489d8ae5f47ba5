{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

{#
    Money in and out as the files say it, one row per landed row that staging accepted. The amounts are read
    from the raw text; staging only lends its verdict and the order number.
#}

with

tmall_payments as (

    -- one raw row per staged row
    select
        'tmall' as source,
        staged.order_id,
        {{ money_in_text('landed.paid_amount') }} as amount

    from {{ staged('tmall', 'orders') }} as staged

    inner join {{ source('tmall', 'orders') }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

),

tmall_refunds as (

    -- claims that were dropped moved no money
    select
        'tmall' as source,
        staged.order_id,
        - {{ money_in_text('landed.refund_amount') }} as amount

    from {{ staged('tmall', 'refunds') }} as staged

    inner join {{ source('tmall', 'refunds') }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    where staged.is_settled

),

returned_tickets as (

    select order_id, refund_id

    from {{ ref('int_refunds__unioned') }}

    where source = 'pos'

),

ticket_lines as (

    -- sales and returns alike, a return under the sale that it undoes; at most one sale per return
    select
        'pos' as source,
        coalesce(
            returned_tickets.order_id, staged.store_id || '-' || staged.ticket_no
        ) as order_id,
        {{ money_in_text('landed.line_amount') }} as amount

    from {{ staged('pos', 'ticket_lines') }} as staged

    inner join {{ source('pos', 'ticket_lines') }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    left join returned_tickets
        on staged.store_id || '-' || staged.ticket_no = returned_tickets.refund_id

),

standard_lines as (

    select
        staged.order_id,
        sum(
            case
                when landed.net_amount is not null then {{ money_in_text('landed.net_amount') }}
                else
                    cast(
                        round(
                            staged.quantity * {{ money_in_text('landed.unit_price') }}, 2
                        ) as decimal(18, 2)
                    )
                    - {{ money_in_text('landed.discount_amount') }}
            end
        ) as amount

    from {{ staged('standard', 'order_items') }} as staged

    inner join {{ source('standard', 'order_items') }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    group by staged.order_id

),

standard_orders as (

    -- what was kept, if the extract says it; else the lines' sum, else the price less what came off;
    -- at most one sum of lines per order
    select
        'standard' as source,
        staged.order_id,
        case
            when staged.status in ('cancelled', 'pending') then 0
            when landed.net_amount is not null then {{ money_in_text('landed.net_amount') }}
            when landed.gross_amount is null then coalesce(standard_lines.amount, 0)
            when landed.refund_amount is null and staged.status = 'refunded' then 0
            else
                {{ money_in_text('landed.gross_amount') }}
                - {{ money_in_text('landed.discount_amount') }}
                - {{ money_in_text('landed.coupon_amount') }}
                - abs({{ money_in_text('landed.refund_amount') }})
        end as amount

    from {{ staged('standard', 'orders') }} as staged

    inner join {{ source('standard', 'orders') }} as landed
        on staged._file_id = landed._file_id
        and staged._row_number = landed._row_number

    left join standard_lines
        on staged.order_id = standard_lines.order_id

),

unioned as (

    select source, order_id, amount from tmall_payments
    union all
    select source, order_id, amount from tmall_refunds
    union all
    select source, order_id, amount from ticket_lines
    union all
    select source, order_id, amount from standard_orders

)

select * from unioned
