{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The products that come into question for each customer: own ones, looked at, linked to own ones, what sells best in
    the customer's categories, and what sells best.
#}
{%- set own, looked, popular, categories, per_category = 60, 30, 40, 3, 8 %}
{#- one link in two hundred is an accessory, one in twenty an upgrade: only those are sorted #}
{%- set links_at_most = {'similar': 40, 'accessory': 6, 'upgrade': 4} %}

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
        person,
        product,
        order_day_count,
        look_score,
        row_number() over (
            partition by person
            order by order_day_count_365d desc, order_day_count desc, last_order_date desc, product
        ) as own_place,
        row_number() over (partition by person order by look_score desc, product) as look_place

    from history

),

links as (

    select * from {{ ref('int_recommendation_links') }}

),

{% for kind in links_at_most %}
from_{{ kind }} as (

    select
        person,
        product,
        row_number() over (partition by person order by {{ kind }}_score desc, product) as place

    from links
    {% if kind != 'similar' %}
    where {{ kind }}_score > 0
    {% endif %}
),
{% endfor %}
pool as (

    select person, product

    from from_history

    where
        (own_place <= {{ own }} and order_day_count > 0)
        or (look_place <= {{ looked }} and look_score > 0)

    union all

    {% for kind, at_most in links_at_most.items() %}
    select person, product from from_{{ kind }} where place <= {{ at_most }}

    union all

    {% endfor %}
    select favourites.person, outlooks.product

    from favourites

    inner join outlooks
        on favourites.as_of_date = outlooks.as_of_date
        and favourites.category = outlooks.category

    where favourites.place <= {{ categories }} and outlooks.category_rank <= {{ per_category }}

    union all

    select people.person, outlooks.product

    from {{ ref('int_recommendation_people') }} as people

    inner join outlooks
        on people.as_of_date = outlooks.as_of_date

    where outlooks.popularity_rank <= {{ popular }}

)

select distinct person, product from pool
