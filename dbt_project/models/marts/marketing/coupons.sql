{{ kept_except('int_coupons__refreshed', ['source', 'coupon_id']) }}
{{ config(on_schema_change='fail') }}

with

coupons as (

    select *

    from {{ ref('int_coupons__unioned') }}

    where {{ only_changed('int_coupons__refreshed', ['source', 'coupon_id']) }}

),

redemptions as (

    select *

    from {{ ref('int_coupon_redemptions__unioned') }}

    where
        coupon_id is not null
        and {{ only_changed('int_coupons__refreshed', ['source', 'coupon_id']) }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

first_redemptions as (

    select
        *,
        row_number() over (
            partition by source, coupon_id order by redeemed_at, redemption_id
        ) as preference,
        count(*) over (partition by source, coupon_id) as redemption_count

    from redemptions

),

combined as (

    -- at most one first redemption per coupon; one whose coupon never landed keeps its place
    select
        coalesce(coupons.source, first_redemptions.source) as source,
        coalesce(coupons.coupon_id, first_redemptions.coupon_id) as coupon_id,
        coalesce(coupons.campaign_id, first_redemptions.campaign_id) as campaign_id,
        coalesce(coupons.source_customer_id, first_redemptions.source_customer_id) as source_customer_id,
        coupons.face_amount,
        coupons.threshold_amount,
        coupons.valid_from,
        coupons.valid_to,
        coupons.issued_at,
        first_redemptions.redeemed_at,
        first_redemptions.channel as redeemed_channel,
        first_redemptions.order_id as redeemed_order_id,
        first_redemptions.redeemed_amount,
        coalesce(first_redemptions.redemption_count, 0) as redemption_count

    from coupons

    full outer join (select * from first_redemptions where preference = 1) as first_redemptions
        on coupons.source = first_redemptions.source
        and coupons.coupon_id = first_redemptions.coupon_id

),

resolved as (

    -- many coupons to one record
    select
        combined.source,
        combined.coupon_id,
        combined.campaign_id,
        records.customer_id,
        combined.source_customer_id,
        combined.face_amount,
        combined.threshold_amount,
        combined.valid_from,
        combined.valid_to,
        combined.issued_at,
        combined.redeemed_at,
        combined.redeemed_channel,
        combined.redeemed_order_id,
        combined.redeemed_amount,
        combined.redemption_count

    from combined

    left join records
        on combined.source = records.source
        and combined.source_customer_id = records.source_customer_id

)

select * from resolved
