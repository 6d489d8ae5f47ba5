{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What a searched word says about interests: the category that goes by it, where only one does, else the brand of
    that name. Names are those of the products, of the taxonomy, and what everybody calls its categories.
#}

with

products as (

    select * from {{ ref('products') }}

),

categories as (

    select * from {{ ref('product_category') }} where level = 2

),

aliases as (

    select * from {{ ref('category_alias') }} where source = '*'

),

names as (

    select lower(trim(category_l3)) as word, category_l2_code as code from products
    union all
    select lower(trim(category_l2)), category_l2_code from products
    union all
    select lower(trim(name_zh)), code from categories
    union all
    select lower(trim(name_en)), code from categories
    union all
    select lower(trim(category_text)), code from aliases

),

category_words as (

    -- one category per code; a word that also names a department stands for the category
    select
        names.word,
        min(categories.department_code) as category_l1_code,
        min(categories.code) as category_l2_code

    from names

    inner join categories
        on names.code = categories.code

    where names.word is not null

    group by names.word

    having count(distinct categories.code) = 1

),

brand_words as (

    select lower(trim(brand)) as word, min(brand) as brand

    from products

    where brand is not null

    group by 1

),

words as (

    select
        word,
        category_l1_code,
        category_l2_code,
        cast(null as string) as brand

    from category_words

    union all

    select
        word,
        cast(null as string),
        cast(null as string),
        brand

    from brand_words

    where word not in (select word from category_words)

)

select * from words
