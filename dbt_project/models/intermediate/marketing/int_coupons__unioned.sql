with

unioned as (

    {{ provided('coupons') }}

)

select * from unioned
