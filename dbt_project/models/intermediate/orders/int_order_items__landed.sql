with

landed as (

    {{ provided('order_items') }}

)

select * from landed
