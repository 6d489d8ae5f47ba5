with

unioned as (

    {{ provided('points', also=['_file_id', '_row_number', '_changed_in']) }}

)

select * from unioned
