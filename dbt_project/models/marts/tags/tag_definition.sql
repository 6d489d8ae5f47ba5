with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

catalogue as (

    select * from {{ ref('tag_catalogue') }}

),

customer_tags as (

    select * from {{ ref('customer_tag') }}

),

customers as (

    select count(*) as customer_count

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

holders as (

    select tag_code, count(*) as holder_count

    from customer_tags

    where valid_to is null

    group by tag_code

),

definitions as (

    -- at most one count per tag
    select
        catalogue.code as tag_code,
        catalogue.name_zh,
        catalogue.name_en,
        catalogue.category,
        catalogue.kind,
        catalogue.expression as logic,
        catalogue.owner,
        catalogue.refresh,
        cast(catalogue.ttl_days as integer) as ttl_days,
        catalogue.description_zh,
        catalogue.description_en,
        as_of.as_of_date,
        cast(coalesce(holders.holder_count, 0) as bigint) as holder_count,
        cast(coalesce(holders.holder_count, 0) as double)
        / nullif(customers.customer_count, 0) as holder_share

    from catalogue

    cross join as_of

    cross join customers

    left join holders
        on catalogue.code = holders.tag_code

)

select * from definitions
