with

tiers as (

    select * from {{ ref('city_tier') }}

),

regions as (

    select * from {{ ref('region') }}

),

cities as (

    -- one listed city per region: short names differ within a province
    select
        regions.code as city_code,
        tiers.tier

    from tiers

    inner join regions
        on tiers.city_name = regions.short_name
        and regions.level = 'city'

    inner join regions as provinces
        on regions.province_code = provinces.code
        and tiers.province = provinces.short_name

)

select * from cities
