with

unioned as (

    {{ provided('campaigns') }}

)

select * from unioned
