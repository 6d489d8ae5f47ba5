with

cover as (

    select * from {{ ref('int_demand__cover') }} where product_id is not null

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

outlook as (

    select
        cover.product_id,
        cover.category,
        as_of.as_of_date,
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
