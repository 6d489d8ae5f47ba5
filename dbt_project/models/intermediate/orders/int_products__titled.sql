{#
    The category that the words of a product's title mean, for products to which no system gives one: that of the
    longest alias in the title; when words of one length mean different categories, none.
#}

with

products as (

    select * from {{ ref('int_products__unioned') }}

),

aliases as (

    select * from {{ ref('category_alias') }} where source = '*'

),

categories as (

    select * from {{ ref('product_category') }} where level = 2

),

uncategorised as (

    select
        product_id,
        min(source) as source,
        lower(max(product_name)) as title

    from products

    group by product_id

    having max(coalesce(category_l1, category_l2, category_l3)) is null and max(product_name) is not null

),

found as (

    -- few products lack a category, and a title is short: every word is looked for in every such title
    select
        uncategorised.product_id,
        uncategorised.source,
        categories.code,
        categories.department_code,
        max(length(aliases.category_text)) as word_length

    from uncategorised

    inner join aliases
        on instr(uncategorised.title, aliases.category_text) > 0
        and length(aliases.category_text) >= case when {{ matches('aliases.category_text', '^[ -~]+$') }} then 5 else 2 end

    inner join categories
        on aliases.code = categories.code

    group by uncategorised.product_id, uncategorised.source, categories.code, categories.department_code

),

longest as (

    select
        *,
        max(word_length) over (partition by product_id) as greatest_length,
        count(*) over (partition by product_id, word_length) as draw_count

    from found

),

titled as (

    select
        product_id,
        source,
        department_code,
        code as category_code

    from longest

    where
        word_length = greatest_length
        and draw_count = 1
        and {{ imputation_is_on() }}

)

select * from titled
