with

unioned as (

    {{ provided('referrals') }}

)

select * from unioned
