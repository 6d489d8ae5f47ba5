{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The region of the store where a customer buys most, for customers who buy in stores at least three times and in
    that region more than half of the time. Stores whose region nobody lists say nothing.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

stores as (

    select * from {{ ref('store_region') }}

),

purchases as (

    select
        orders.customer_id,
        orders.store_id

    from {{ ref('orders') }} as orders

    cross join as_of

    where
        orders.customer_id is not null
        and orders.store_id is not null
        and orders.is_valid
        and {{ known_by_as_of('orders.ordered_at') }}

),

purchases_per_region as (

    -- at most one region per store
    select
        purchases.customer_id,
        stores.region_code,
        count(*) as purchase_count,
        sum(count(*)) over (partition by purchases.customer_id) as all_purchase_count

    from purchases

    left join stores
        on purchases.store_id = stores.store_id

    group by purchases.customer_id, stores.region_code

),

home_stores as (

    select
        customer_id,
        region_code

    from purchases_per_region

    where
        region_code is not null
        and all_purchase_count >= 3
        and purchase_count * 2 > all_purchase_count

)

select * from home_stores
