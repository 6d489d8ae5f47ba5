with

unioned as (

    {{ provided('stores') }}

)

select * from unioned
