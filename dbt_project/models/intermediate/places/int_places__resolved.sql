{{ config(materialized='table') }}

with

texts as (

    select * from {{ ref('int_places__read') }}

),

latin_texts as (

    select * from {{ ref('int_places__latin') }}

),

regions as (

    select * from {{ ref('region') }}

),

tiers as (

    select * from {{ ref('int_regions__tiers') }}

),

resolved as (

    -- a text is read in one script or the other
    select
        coalesce(texts.place_text, latin_texts.place_text) as place_text,
        coalesce(texts.province_code, latin_texts.province_code) as province_code,
        coalesce(texts.city_code, latin_texts.city_code) as city_code,
        texts.district_code

    from texts

    full outer join latin_texts
        on texts.place_text = latin_texts.place_text

),

named as (

    -- one region per code, one tier per city
    select
        resolved.place_text,
        resolved.province_code,
        resolved.city_code,
        resolved.district_code,
        provinces.name as province,
        cities.name as city,
        districts.name as district,
        case when resolved.city_code is not null then coalesce(tiers.tier, 'tier_4_or_below') end as city_tier

    from resolved

    inner join regions as provinces
        on resolved.province_code = provinces.code

    left join regions as cities
        on resolved.city_code = cities.code

    left join regions as districts
        on resolved.district_code = districts.code

    left join tiers
        on resolved.city_code = tiers.city_code

)

select * from named
