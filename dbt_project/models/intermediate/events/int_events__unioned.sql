with

unioned as (

    {{ provided('events', also=['_file_id', '_row_number', '_changed_in']) }}

)

select * from unioned
