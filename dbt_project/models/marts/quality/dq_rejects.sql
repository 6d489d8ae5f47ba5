with

rejects as (

    select * from {{ ref('int_rejects__unioned') }}

),

publishable as (

    -- a rejected row may hold a name or an address anywhere, so only the shape of its text goes out
    select
        source,
        feed,
        cast(file_id as integer) as file_id,
        file_name,
        cast(row_number as bigint) as row_number,
        rule,
        {{ mask_shape('raw_text') }} as raw_text

    from rejects

)

select * from publishable
