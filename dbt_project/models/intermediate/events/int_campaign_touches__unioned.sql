with

unioned as (

    {{ provided('campaign_touches', also=['_file_id', '_row_number', '_changed_in']) }}

)

select * from unioned
