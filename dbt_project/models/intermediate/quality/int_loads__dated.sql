with

landing_files as (

    select * from {{ source('raw', 'landing_file') }} where load_number is not null

),

loads as (

    select load_number, min(loaded_at) as loaded_at

    from landing_files

    group by load_number

)

select * from loads
