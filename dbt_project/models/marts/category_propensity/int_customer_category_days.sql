{{ kept_per_retagged_customer() }}

{#
    What customers bought and looked at until as_of_date, by category and day. Categories are those that interests
    are told in (int_interest_categories). Words searched for are left out: which goods were meant shows in what
    was looked at next.
#}

with

products as (

    select product_id, {{ goods_category() }} as category

    from {{ ref('products') }}

),

signs as (

    select * from {{ ref('int_product_signs') }} where {{ only_retagged_customers() }}

),

by_day as (

    select
        signs.customer_id,
        products.category,
        signs.sign_date as activity_date,
        cast(sum(signs.line_count) as bigint) as bought_count,
        cast(sum(signs.look_count) as bigint) as met_count,
        cast(sum(signs.cart_count) as bigint) as carted_count

    from signs

    inner join products
        on signs.product_id = products.product_id

    where products.category is not null

    group by signs.customer_id, products.category, signs.sign_date

)

select * from by_day
