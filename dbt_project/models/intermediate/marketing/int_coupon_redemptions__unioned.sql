with

unioned as (

    {{ provided('coupon_redemptions') }}

)

select * from unioned
