{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What the macros of similarity count: products that lie in one basket, whoever bought it, and products that one
    customer met (bought, or looked at) at some time.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

baskets as (

    -- many lines to one order
    select distinct
        'bought_together' as relation,
        orders.source || ':' || orders.order_id as unit_id,
        order_items.product_id,
        orders.order_date as member_date

    from {{ ref('order_items') }} as order_items

    inner join {{ ref('orders') }} as orders
        on order_items.source = orders.source
        and order_items.order_id = orders.order_id

    cross join as_of

    where
        orders.is_valid
        and {{ known_by_as_of('orders.ordered_at') }}
        and order_items.product_id is not null

),

histories as (

    select
        'similar' as relation,
        customer_id as unit_id,
        product_id,
        min(sign_date) as member_date

    from {{ ref('int_product_signs') }}

    group by customer_id, product_id

),

members as (

    select * from baskets

    union all

    select * from histories

),

dated as (

    -- the spans between dates do not overlap: one date per member
    select
        members.relation,
        members.unit_id,
        members.product_id,
        cast(
            row_number() over (
                partition by members.relation, members.unit_id order by members.member_date, members.product_id
            ) as integer
        ) as position,
        dates.as_of_date

    from members

    inner join dates
        on members.member_date <= dates.as_of_date
        and (dates.previous_date is null or members.member_date > dates.previous_date)

)

select * from dated
