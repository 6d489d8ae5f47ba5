{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Products that a customer's own lead to: what is similar to the ones met last, what is bought together with the
    ones bought last, and the dearer ones of the same sub-category that owners of a product are interested in.

    Of several seeds the strongest is the reason, and of equally strong ones the one met last: the greatest of whole
    numbers that hold both, the strength in millionths and what is left of the places. To carry the seed's id along
    would take the aggregate twice the time.
#}
{%- set seeds, accessory_days, upgrade_after_days, dearer_by, at_most = 15, 90, 30, 1.2, 3 %}
{%- set kinds = {'similar': 'is_similar', 'accessory': 'is_accessory', 'upgrade': 'is_upgrade'} %}

with

outlooks as (

    select * from {{ ref('int_product_outlooks') }}

),

neighbours as (

    -- at most twenty per product and relation
    select
        similarity.as_of_date,
        seeds.product as seed,
        offered.product,
        similarity.relation,
        similarity.strength,
        {{ seeds + 1 }} * {{ whole('similarity.strength * 1e6') }} as whole_strength,
        coalesce(
            similarity.relation = 'similar'
            and owned.subcategory = offered.subcategory
            and offered.price between {{ dearer_by }} * owned.price and {{ at_most }} * owned.price, false
        ) as is_step_up

    from {{ ref('int_item_similarity') }} as similarity

    inner join {{ ref('int_recommendation_products') }} as seeds
        on similarity.product_id = seeds.product_id

    inner join outlooks as offered
        on similarity.as_of_date = offered.as_of_date
        and similarity.similar_product_id = offered.product_id

    left join outlooks as owned
        on similarity.as_of_date = owned.as_of_date
        and similarity.product_id = owned.product_id

    where offered.is_on_sale and similarity.strength > 0

),

history as (

    select
        as_of_date,
        person,
        product,
        place,
        coalesce(last_order_date > {{ add_days('as_of_date', -accessory_days) }}, false) as is_bought_lately,
        coalesce(last_order_date <= {{ add_days('as_of_date', -upgrade_after_days) }}, false) as is_used

    from {{ ref('int_recommendation_history') }}

    where not is_returned and place <= {{ seeds }}

),

linked as (

    select
        history.person,
        neighbours.product,
        neighbours.strength,
        neighbours.whole_strength - history.place as link,
        neighbours.relation = 'similar' as is_similar,
        neighbours.relation = 'bought_together' as is_accessory,
        neighbours.is_step_up and history.is_used as is_upgrade

    from history

    inner join neighbours
        on history.as_of_date = neighbours.as_of_date
        and history.product = neighbours.seed

    where neighbours.relation = 'similar' or history.is_bought_lately

),

strongest as (

    select
        person,
        product,
        {{ rounded('coalesce(sum(case when is_similar then strength end), 0)', 6) }} as similar_score,
        {%- for kind, is_of_kind in kinds.items() %}
        max(case when {{ is_of_kind }} then link end) as {{ kind }}_link{{ ',' if not loop.last }}
        {%- endfor %}

    from linked

    group by person, product

),

placed as (

    select
        *,
        {%- for kind in kinds %}
        {{ seeds + 1 }} - {{ kind }}_link % {{ seeds + 1 }} as {{ kind }}_of_place{{ ',' if not loop.last }}
        {%- endfor %}

    from strongest

),

links as (

    select
        person,
        product,
        similar_score,
        {%- for kind in kinds if kind != 'similar' %}
        coalesce(({{ kind }}_link + {{ kind }}_of_place) / cast({{ seeds + 1 }} as double) / 1e6, 0) as {{ kind }}_score,
        {%- endfor %}
        {%- for kind in kinds %}
        {{ kind }}_of_place{{ ',' if not loop.last }}
        {%- endfor %}

    from placed

)

select * from links
