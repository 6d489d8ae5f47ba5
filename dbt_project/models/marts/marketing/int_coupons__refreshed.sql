{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

landed as (

    select * from {{ ref('int_coupons__changed') }}

),

remapped as (

    select * from {{ ref('int_owners__remapped') }} where owner_type = 'record'

),

coupons as (

    select * from {{ ref('int_coupons__unioned') }}

),

redemptions as (

    select * from {{ ref('int_coupon_redemptions__unioned') }}

),

named as (

    select source, coupon_id, source_customer_id from coupons

    union all

    select source, coupon_id, source_customer_id from redemptions

),

refreshed as (

    select source, coupon_id from landed

    union

    select source, coupon_id

    from named

    where {{ stands_in('remapped', {'source': 'source', 'owner_value': 'source_customer_id'}) }}

)

select * from refreshed where coupon_id is not null
