with

cover as (

    select * from {{ ref('int_demand__cover') }} where product_id is null

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

outlook as (

    select
        cover.category,
        as_of.as_of_date,
        cast(cover.product_count as bigint) as product_count,
        cover.stock_quantity,
        cover.expected_quantity,
        cover.weeks_of_cover,
        cover.stock_flag,
        cover.shortfall_quantity,
        cover.under_weeks,
        cover.over_weeks

    from cover

    cross join as_of

)

select * from outlook
