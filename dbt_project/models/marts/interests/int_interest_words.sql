{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The category that a searched word, or a category that a page names, stands for: where exactly one category goes by
    it, as products, the taxonomy or everybody's aliases call it.
#}

with

products as (

    select
        coalesce(category_l2_code, category_l2, category_l1_code, category_l1) as category,
        category_l2,
        category_l3

    from {{ ref('products') }}

),

aliases as (

    select * from {{ ref('category_alias') }} where source = '*'

),

categories as (

    select * from {{ ref('product_category') }} where level = 2

),

names as (

    select {{ category_key('category_l2') }} as word, category from products
    union all
    select {{ category_key('category_l3') }}, category from products
    union all
    select lower(name_zh), code from categories
    union all
    select lower(name_en), code from categories
    union all
    select aliases.category_text, aliases.code

    from aliases

    inner join categories
        on aliases.code = categories.code

),

unambiguous as (

    select word, min(category) as category

    from names

    where word is not null and category is not null

    group by word

    having count(distinct category) = 1

)

select * from unambiguous
