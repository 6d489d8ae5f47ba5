with

standard_touches as (

    select * from {{ staged('standard', 'campaign_touches') }}

),

unioned as (

    select
        'standard' as source,
        campaign_id,
        source_customer_id,
        touched_at,
        touch_type,
        arm,
        coupon_id

    from standard_touches

)

select * from unioned
