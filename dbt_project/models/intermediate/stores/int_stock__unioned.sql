with

unioned as (

    {{ provided('stock') }}

)

select * from unioned
