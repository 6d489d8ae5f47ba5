with

unioned as (

    {{ provided('campaigns', also=['_changed_in']) }}

)

select * from unioned
