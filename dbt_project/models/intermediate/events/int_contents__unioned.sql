with

unioned as (

    {{ provided('contents') }}

)

select * from unioned
