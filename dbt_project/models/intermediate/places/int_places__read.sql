{{ config(materialized='incremental', incremental_strategy='append') }}

{#
    Reads province, city and district from the left of a text, one name after the other; six times, because an
    address often repeats the columns before it. The longest name wins, of equal ones the larger region; a name that
    several regions share below what was read so far (鼓楼区) settles nothing. Each
    distinct text is read once, by the run that first meets it.
#}
{%- set rounds = 6 %}

with

customers as (

    select * from {{ ref('int_customers__unioned') }}

),

names as (

    select * from {{ ref('int_regions__named') }}

),

regions as (

    select * from {{ ref('region') }}

),

texts as (

    select distinct {{ place_text('province', 'city', 'district', 'address') }} as place_text

    from customers

    where coalesce(province, city, district, address) is not null

),

new_texts as (

    select place_text

    from texts
    {% if is_incremental() %}
    where place_text not in (select place_text from {{ this }})
    {% endif %}
),

read_0 as (

    select
        place_text,
        {{ regexp_replace_all(
            regexp_replace_all('place_text', '[ ,，、/|>·_;；:：.*－-]', ''),
            '^((收货|收件|详细|联系)?地址)?(中华人民共和国|中国)?|市辖区|(省|自治区)?直辖县级?(行政(区划|单位))?',
            ''
        ) }} as rest,
        cast(null as string) as province_code,
        cast(null as string) as city_code,
        cast(null as string) as district_code

    from new_texts

),
{% for round in range(1, rounds + 1) %}
matched_{{ round }} as (

    -- the heaviest name, with its greatest and its smallest code to see whether it is but one
    select
        texts.place_text,
        max(texts.rest) as rest,
        max(texts.province_code) as province_code,
        max(texts.city_code) as city_code,
        max(names.weight + names.code_number) as heaviest,
        max(names.weight + 999999 - names.code_number) as heaviest_first

    from read_{{ round - 1 }} as texts

    inner join names
        on left(texts.rest, 2) = names.name_head
        and left(texts.rest, names.name_length) = names.name

    where
        texts.district_code is null
        and coalesce(texts.province_code = names.province_code, true)
        and coalesce(texts.city_code = names.city_code, true)
        and (
            names.known_within = 'country'
            or (names.known_within = 'province' and texts.province_code is not null)
            or texts.city_code is not null
        )
        and (
            names.is_full_name
            or not {{ is_name_of_a_road('substr(texts.rest, names.name_length + 1)') }}
        )

    group by texts.place_text

),

read_{{ round }} as (

    -- one region per match; a text without a match, or with a shared name, is read as far as it goes
    select
        matched.place_text,
        substr(matched.rest, cast(floor(matched.heaviest / 10000000) as integer) + 1) as rest,
        coalesce(matched.province_code, regions.province_code) as province_code,
        coalesce(
            matched.city_code,
            regions.city_code,
            -- these provinces are one city
            case when regions.code in ('110000', '120000', '310000', '500000') then left(regions.code, 2) || '0100' end
        ) as city_code,
        case when regions.level = 'district' then regions.code end as district_code

    from matched_{{ round }} as matched

    inner join regions
        on matched.heaviest % 1000000 = cast(regions.code as bigint)
        and matched.heaviest % 1000000 = 999999 - matched.heaviest_first % 1000000

),
{% endfor %}
steps as (
{% for round in range(1, rounds + 1) %}
    select place_text, province_code, city_code, district_code from read_{{ round }}
{{ '    union all' if not loop.last }}
{%- endfor %}
),

places as (

    -- a code once read stays, so the greatest is the only one; texts that tell nothing are kept, to be read once
    select
        new_texts.place_text,
        max(steps.province_code) as province_code,
        max(steps.city_code) as city_code,
        max(steps.district_code) as district_code

    from new_texts

    left join steps
        on new_texts.place_text = steps.place_text

    group by new_texts.place_text

)

select * from places
