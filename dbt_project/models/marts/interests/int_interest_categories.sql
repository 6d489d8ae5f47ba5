{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What interests are told in: categories of the taxonomy, and where a retailer's own word for a category is no word
    of the taxonomy, that word.
#}

with

products as (

    select
        {{ goods_category() }} as category,
        coalesce(category_l1_code, category_l1, category_l2) as department

    from {{ ref('products') }}

    where {{ goods_category() }} is not null

),

taxonomy as (

    select
        code,
        coalesce(nullif(department_code, ''), code) as department_code,
        name_zh,
        name_en

    from {{ ref('product_category') }}

),

sold as (

    -- a word that stands under several departments is filed under the one with most of its products
    select
        category,
        department,
        row_number() over (partition by category order by count(*) desc, department) as preference

    from products

    group by category, department

),

categories as (

    select code as category, department_code as department from taxonomy

    union all

    select category, department

    from sold

    where preference = 1 and category not in (select code from taxonomy)

),

labelled as (

    -- one name per code on both sides
    select
        categories.category,
        categories.department,
        coalesce(taxonomy.name_zh, categories.category) as label_zh,
        coalesce(taxonomy.name_en, categories.category) as label_en,
        coalesce(departments.name_zh, categories.department) as department_label_zh,
        coalesce(departments.name_en, categories.department) as department_label_en

    from categories

    left join taxonomy
        on categories.category = taxonomy.code

    left join taxonomy as departments
        on categories.department = departments.code

)

select * from labelled
