{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

landed as (

    select * from {{ ref('int_orders__changed') }}

),

remapped as (

    select * from {{ ref('int_owners__remapped') }} where owner_type = 'record'

),

orders as (

    select * from {{ ref('int_orders__unioned') }}

),

refreshed as (

    select source, order_id from landed

    union

    select source, order_id

    from orders

    where {{ stands_in('remapped', {'source': 'source', 'owner_value': 'source_customer_id'}) }}

)

select * from refreshed
