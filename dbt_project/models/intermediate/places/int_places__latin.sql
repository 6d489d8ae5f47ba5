{{ config(materialized='table') }}

{# Places written with Latin letters, in any order: "Hangzhou, Zhejiang 310000, China". Once per distinct text. #}
{%- set parts = 8 %}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

aliases as (

    select * from {{ ref('region_alias') }} where kind = 'latin'

),

regions as (

    select * from {{ ref('region') }}

),

texts as (

    -- the blank at the end closes the last word for the patterns below
    select distinct
        {{ place_text('province', 'city', 'district', 'address') }} as place_text,
        lower({{ place_text('province', 'city', 'district', 'address') }}) || ',' as latin_text

    from customers

    where
        {{ matches("concat_ws('', province, city, address)", '[A-Za-z]{2}') }}
        and not {{ matches("concat_ws('', province, city, district, address)", '[一-龥]{2}') }}

),

parts as (
{% for part in range(1, parts + 1) %}
    select
        place_text,
        trim(
            {{ regexp_replace_all(
                "split_part(" ~ regexp_replace_all('latin_text', '[|;/]', ',') ~ ", ',', " ~ part ~ ")",
                ' (city|shi|province|sheng|municipality|sar)( |$)|[0-9]{4,6}',
                ''
            ) }}
        ) as part

    from texts
{{ '    union all' if not loop.last }}
{%- endfor %}
),

found as (

    -- a part may name regions of one name
    select distinct
        parts.place_text,
        regions.code,
        regions.level,
        regions.province_code

    from parts

    inner join aliases
        on parts.part = aliases.alias

    inner join regions
        on aliases.code = regions.code

),

provinces as (

    select
        place_text,
        min(province_code) as province_code

    from found

    where level = 'province'

    group by place_text

    having count(*) = 1

),

cities as (

    -- a city of another province than the one named says nothing
    select
        found.place_text,
        min(found.code) as city_code,
        min(found.province_code) as province_code

    from found

    left join provinces
        on found.place_text = provinces.place_text

    where
        found.level = 'city'
        and coalesce(found.province_code = provinces.province_code, true)

    group by found.place_text

    having count(*) = 1

),

resolved as (

    -- one row per text on every side
    select
        texts.place_text,
        coalesce(cities.province_code, provinces.province_code) as province_code,
        coalesce(
            cities.city_code,
            case when provinces.province_code in ('110000', '120000', '310000', '500000') then left(provinces.province_code, 2) || '0100' end
        ) as city_code

    from texts

    left join provinces
        on texts.place_text = provinces.place_text

    left join cities
        on texts.place_text = cities.place_text

    where coalesce(cities.province_code, provinces.province_code) is not null

)

select * from resolved
