with

unioned as (

    {{ provided('products') }}

)

select * from unioned
