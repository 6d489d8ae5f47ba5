with

stores as (

    select * from {{ ref('int_stores__unioned') }}

),

publishable as (

    select
        source,
        store_id,
        store_name,
        store_type,
        province,
        city,
        district,
        address,
        floor_area_sqm,
        opened_on

    from stores

)

select * from publishable
