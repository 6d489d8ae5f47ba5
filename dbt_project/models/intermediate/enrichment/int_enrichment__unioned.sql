with

unioned as (

    {{ provided('enrichment') }}

)

select * from unioned
