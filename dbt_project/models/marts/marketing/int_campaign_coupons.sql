{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

coupons as (

    select * from {{ ref('coupons') }}

),

touches as (

    select * from {{ ref('campaign_touches') }}

),

known as (

    -- a coupon that was never issued, as far as anybody knows, is known from its redemption
    select coupons.source, coupons.campaign_id

    from coupons

    cross join as_of

    where
        coupons.campaign_id is not null
        and coalesce(coupons.issued_at, coupons.redeemed_at, as_of.as_of_end_at) < as_of.as_of_end_at

    union

    select touches.source, touches.campaign_id

    from touches

    cross join as_of

    where touches.coupon_id is not null and {{ known_by_as_of('touches.touched_at') }}

)

select * from known
