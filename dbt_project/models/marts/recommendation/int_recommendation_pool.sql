{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The products that come into question for each customer: own ones, looked at, linked to own ones, what sells best in
    the customer's categories, and what sells best.
#}
{%- set own, looked, linked, accessories, upgrades, popular, categories, per_category = 60, 30, 40, 6, 4, 40, 3, 8 %}

with

history as (

    select * from {{ ref('int_recommendation_history') }}

),

outlooks as (

    select * from {{ ref('int_product_outlooks') }} where is_on_sale

),

favourites as (

    select * from {{ ref('int_recommendation_interests') }}

),

from_history as (

    select
        as_of_date,
        customer_id,
        product_id,
        order_day_count,
        look_score,
        row_number() over (
            partition by as_of_date, customer_id
            order by order_day_count_365d desc, order_day_count desc, last_order_date desc, product_id
        ) as own_place,
        row_number() over (
            partition by as_of_date, customer_id order by look_score desc, product_id
        ) as look_place

    from history

),

links as (

    select * from {{ ref('int_recommendation_links') }}

),

from_neighbours as (

    select
        as_of_date,
        customer_id,
        product_id,
        row_number() over (
            partition by as_of_date, customer_id order by similar_score desc, product_id
        ) as place

    from links

),

from_accessories as (

    -- one link in two hundred is an accessory, one in twenty an upgrade: only those are sorted
    select
        as_of_date,
        customer_id,
        product_id,
        row_number() over (
            partition by as_of_date, customer_id order by accessory_score desc, product_id
        ) as place

    from links

    where accessory_score > 0

),

from_upgrades as (

    select
        as_of_date,
        customer_id,
        product_id,
        row_number() over (
            partition by as_of_date, customer_id order by upgrade_score desc, product_id
        ) as place

    from links

    where upgrade_score > 0

),

pool as (

    select as_of_date, customer_id, product_id

    from from_history

    where
        (own_place <= {{ own }} and order_day_count > 0)
        or (look_place <= {{ looked }} and look_score > 0)

    union

    select as_of_date, customer_id, product_id from from_neighbours where place <= {{ linked }}

    union

    select as_of_date, customer_id, product_id from from_accessories where place <= {{ accessories }}

    union

    select as_of_date, customer_id, product_id from from_upgrades where place <= {{ upgrades }}

    union

    select favourites.as_of_date, favourites.customer_id, outlooks.product_id

    from favourites

    inner join outlooks
        on favourites.as_of_date = outlooks.as_of_date
        and favourites.category = outlooks.category

    where favourites.place <= {{ categories }} and outlooks.category_rank <= {{ per_category }}

    union

    select people.as_of_date, people.customer_id, outlooks.product_id

    from {{ ref('int_recommendation_people') }} as people

    inner join outlooks
        on people.as_of_date = outlooks.as_of_date

    where outlooks.popularity_rank <= {{ popular }}

)

select * from pool
