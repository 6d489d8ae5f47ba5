{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# The commercial tier of the city that int_customer_profiles settled on. #}

with

profiles as (

    select customer_id, province, city, place_source from {{ ref('int_customer_profiles') }}

),

cities as (

    select distinct city from profiles where city is not null

),

tiers as (

    select * from {{ ref('city_tier') }}

),

matched_tiers as (

    -- 吉林市 and 吉林 both start with the listed name; the longest listed name wins
    select
        cities.city,
        tiers.tier,
        row_number() over (
            partition by cities.city order by length(tiers.city_name) desc, tiers.city_name
        ) as preference

    from cities

    inner join tiers
        on left(cities.city, length(tiers.city_name)) = tiers.city_name

),

places as (

    -- one preferred tier per city
    select
        profiles.customer_id,
        profiles.province,
        profiles.city,
        profiles.place_source,
        case
            when profiles.city is not null then coalesce(matched_tiers.tier, 'tier_4_or_below')
        end as city_tier

    from profiles

    left join matched_tiers
        on profiles.city = matched_tiers.city
        and matched_tiers.preference = 1

)

select * from places
