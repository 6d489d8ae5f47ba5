{#
    The category of the taxonomy that a product's own words for it mean. The second level is asked first, because it
    is what the taxonomy's own second level was made from, then the third, then the first; of a path the last step.
#}
{%- set levels = [('category_l2', 1), ('category_l3', 2), ('category_l1', 3)] %}

with

products as (

    select * from {{ ref('int_products__unioned') }}

),

aliases as (

    select * from {{ ref('category_alias') }}

),

categories as (

    select * from {{ ref('product_category') }}

),

words as (
{% for column, rank in levels %}
    select
        source,
        product_id,
        {{ rank }} as word_rank,
        {{ category_key(column) }} as category_text

    from products

    where {{ column }} is not null
{{ '    union all' if not loop.last }}
{%- endfor %}
),

meanings as (

    -- at most two aliases per word, the source's own and everybody's; a category says more than a department
    select
        words.source,
        words.product_id,
        categories.code,
        categories.level,
        coalesce(nullif(categories.department_code, ''), categories.code) as department_code,
        row_number() over (
            partition by words.source, words.product_id
            order by
                categories.level desc,
                words.word_rank,
                case when aliases.source = '*' then 1 else 0 end
        ) as preference

    from words

    inner join aliases
        on words.category_text = aliases.category_text
        and (aliases.source = words.source or aliases.source = '*')

    inner join categories
        on aliases.code = categories.code

),

mapped as (

    select
        source,
        product_id,
        department_code,
        case when level = 2 then code end as category_code

    from meanings

    where preference = 1

)

select * from mapped
