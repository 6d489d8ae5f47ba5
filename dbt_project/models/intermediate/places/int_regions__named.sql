{{ config(materialized='table') }}

with

regions as (

    select * from {{ ref('region') }}

),

aliases as (

    select * from {{ ref('region_alias') }}

),

names as (

    select
        code,
        name,
        true as is_full_name

    from regions

    union all

    select
        code,
        short_name,
        false as is_full_name

    from regions

    where short_name <> name

    union all

    -- 恩施州, 景宁县 and 管城区 without the peoples who live there
    select
        code,
        short_name || right(name, 1),
        true as is_full_name

    from regions

    where {{ matches('name', '(自治[州县旗]|族区)$') }}

    union all

    select
        code,
        alias,
        {{ matches('alias', '[省市区州县特]$') }} as is_full_name

    from aliases

    where kind <> 'latin'

),

grouped as (

    -- a name that several regions share stands once for each
    select
        code,
        name,
        bool_or(is_full_name) as is_full_name

    from names

    group by code, name

),

named as (

    -- one region per code
    select
        grouped.code,
        grouped.name,
        left(grouped.name, 2) as name_head,
        length(grouped.name) as name_length,
        -- the longer name wins, of equal ones the larger region; seven digits are left for level and code
        cast(length(grouped.name) as bigint) * 10000000
        + case regions.level when 'province' then 3000000 when 'city' then 2000000 else 1000000 end as weight,
        cast(grouped.code as bigint) as code_number,
        grouped.is_full_name,
        case
            when regions.level <> 'district' or (grouped.is_full_name and length(grouped.name) > 2) then 'country'
            when right(regions.name, 1) = '市' or right(grouped.name, 1) = '县' then 'province'
            else 'city'
        end as known_within,
        regions.level,
        regions.province_code,
        regions.city_code

    from grouped

    inner join regions
        on grouped.code = regions.code

)

select * from named
