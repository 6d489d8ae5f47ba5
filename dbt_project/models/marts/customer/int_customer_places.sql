{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Where a customer lives: the place that int_customer_profiles settled on, completed from other evidence where it
    lacks its city. Evidence for another province than the stated one is left aside.
#}

with

profiles as (

    select * from {{ ref('int_customer_profiles') }}

),

repairs as (

    select * from {{ ref('int_customer_repairs') }} where province_code is not null

),

regions as (

    select * from {{ ref('region') }}

),

tiers as (

    select * from {{ ref('int_regions__tiers') }}

),

completing as (

    -- one region per code, one tier per city; a whole place for nobody's, a city for a province's
    select
        repairs.customer_id,
        repairs.province_code,
        repairs.city_code,
        provinces.name as province,
        cities.name as city,
        case when repairs.city_code is not null then coalesce(tiers.tier, 'tier_4_or_below') end as city_tier,
        repairs.place_source

    from repairs

    inner join profiles
        on repairs.customer_id = profiles.customer_id

    inner join regions as provinces
        on repairs.province_code = provinces.code

    left join regions as cities
        on repairs.city_code = cities.code

    left join tiers
        on repairs.city_code = tiers.city_code

    where
        profiles.city is null
        and (
            profiles.province is null
            or (profiles.province_code = repairs.province_code and repairs.city_code is not null)
        )

),

places as (

    -- at most one repair per customer
    select
        profiles.customer_id,
        coalesce(completing.province, profiles.province) as province,
        coalesce(completing.city, profiles.city) as city,
        coalesce(completing.province_code, profiles.province_code) as province_code,
        coalesce(completing.city_code, profiles.city_code) as city_code,
        coalesce(completing.city_tier, profiles.city_tier) as city_tier,
        coalesce(completing.place_source, profiles.place_source) as place_source,
        completing.customer_id is not null as place_is_imputed

    from profiles

    left join completing
        on profiles.customer_id = completing.customer_id

)

select * from places
