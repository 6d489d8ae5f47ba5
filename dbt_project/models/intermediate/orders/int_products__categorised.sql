{{ config(materialized='table') }}

{#
    The category of a product: as the record that names the product states it, else as another system's catalogue has
    it for the same product number, else as the title's words mean it. Names are the taxonomy's, in the script of the
    words they stand for; what the taxonomy lacks keeps its landed words and has no code.
#}

with

products as (

    select * from {{ ref('int_products__unioned') }}

),

mapped as (

    select * from {{ ref('int_products__mapped') }}

),

titled as (

    select * from {{ ref('int_products__titled') }}

),

categories as (

    select * from {{ ref('product_category') }}

),

ranked as (

    select
        *,
        coalesce(category_l1, category_l2, category_l3) is not null as has_category,
        row_number() over (
            partition by product_id order by {{ product_preference() }}
        ) as preference,
        row_number() over (
            partition by product_id
            order by
                case when coalesce(category_l1, category_l2, category_l3) is null then 1 else 0 end,
                {{ product_preference() }}
        ) as category_preference

    from products

),

coded as (

    -- one mapping per landed product, one title reading per product
    select
        ranked.product_id,
        case when ranked.has_category then ranked.category_l1 end as category_l1,
        ranked.category_l2,
        ranked.category_l3,
        coalesce(mapped.department_code, titled.department_code) as category_l1_code,
        coalesce(mapped.category_code, titled.category_code) as category_l2_code,
        case
            when ranked.has_category and ranked.preference = 1 then ranked.source
            when ranked.has_category then ranked.source || ':product_catalogue'
            else titled.source || ':title_words'
        end as category_source,
        coalesce(ranked.has_category and ranked.preference > 1 or titled.product_id is not null, false) as category_is_imputed,
        coalesce(ranked.category_l2, ranked.category_l1, ranked.category_l3, ranked.product_name) as wording

    from ranked

    left join mapped
        on ranked.source = mapped.source
        and ranked.product_id = mapped.product_id

    left join titled
        on ranked.product_id = titled.product_id

    where
        ranked.category_preference = 1
        and (ranked.preference = 1 or {{ imputation_is_on() }})

),

categorised as (

    -- one category per code
    select
        coded.product_id,
        coalesce(
            case when {{ matches('coded.wording', '[一-龥]') }} then departments.name_zh else departments.name_en end,
            coded.category_l1
        ) as category_l1,
        coalesce(
            case when {{ matches('coded.wording', '[一-龥]') }} then categories.name_zh else categories.name_en end,
            coded.category_l2
        ) as category_l2,
        coded.category_l3,
        coded.category_l1_code,
        coded.category_l2_code,
        coded.category_source,
        coded.category_is_imputed

    from coded

    left join categories as departments
        on coded.category_l1_code = departments.code

    left join categories
        on coded.category_l2_code = categories.code

)

select * from categorised
