{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What the category that a source writes on its events means, as its products' categories are read: the source's own
    words go before everybody's, a category before a department.
#}

with

texts as (

    select distinct source, category from {{ ref('events') }} where category is not null

),

keyed as (

    select source, category, {{ category_key('category') }} as category_text from texts

),

aliases as (

    select * from {{ ref('category_alias') }}

),

categories as (

    select * from {{ ref('product_category') }}

),

meanings as (

    -- at most two aliases per text, the source's own and everybody's
    select
        keyed.source,
        keyed.category,
        coalesce(nullif(categories.department_code, ''), categories.code) as category_l1_code,
        case when categories.level = 2 then categories.code end as category_l2_code,
        row_number() over (
            partition by keyed.source, keyed.category
            order by categories.level desc, case when aliases.source = '*' then 1 else 0 end
        ) as preference

    from keyed

    inner join aliases
        on keyed.category_text = aliases.category_text
        and (aliases.source = keyed.source or aliases.source = '*')

    inner join categories
        on aliases.code = categories.code

),

preferred as (

    select source, category, category_l1_code, category_l2_code from meanings where preference = 1

)

select * from preferred
