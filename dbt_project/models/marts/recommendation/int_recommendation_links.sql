{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Products that a customer's own lead to: what is similar to the ones met last, what is bought together with the
    ones bought last, and the dearer ones of the same sub-category that owners of a product are interested in.
#}
{%- set seeds, accessory_days, upgrade_after_days, dearer_by, at_most = 15, 90, 30, 1.2, 3 %}

with

outlooks as (

    select * from {{ ref('int_product_outlooks') }}

),

history as (

    select
        *,
        row_number() over (
            partition by as_of_date, customer_id order by last_sign_date desc, order_day_count desc, product_id
        ) as place

    from {{ ref('int_recommendation_history') }}

    where not is_returned

),

linked as (

    -- one seed to at most twenty neighbours per relation
    select
        history.as_of_date,
        history.customer_id,
        history.product_id as seed_id,
        similarity.similar_product_id as product_id,
        case when similarity.relation = 'similar' then similarity.strength end as similar_strength,
        case
            when
                similarity.relation = 'bought_together'
                and history.last_order_date > {{ add_days('history.as_of_date', -accessory_days) }}
                then similarity.strength
        end as accessory_strength,
        case
            when
                similarity.relation = 'similar'
                and history.last_order_date <= {{ add_days('history.as_of_date', -upgrade_after_days) }}
                and owned.subcategory = offered.subcategory
                and offered.price between {{ dearer_by }} * owned.price and {{ at_most }} * owned.price
                then similarity.strength
        end as upgrade_strength

    from history

    inner join {{ ref('int_item_similarity') }} as similarity
        on history.as_of_date = similarity.as_of_date
        and history.product_id = similarity.product_id

    inner join outlooks as owned
        on history.as_of_date = owned.as_of_date
        and history.product_id = owned.product_id

    inner join outlooks as offered
        on similarity.as_of_date = offered.as_of_date
        and similarity.similar_product_id = offered.product_id

    where history.place <= {{ seeds }} and offered.is_on_sale

),

preferred as (

    -- of several seeds the strongest is the reason
    select
        *,
        {%- for link in ['similar', 'accessory', 'upgrade'] %}
        row_number() over (
            partition by as_of_date, customer_id, product_id
            order by coalesce({{ link }}_strength, 0) desc, seed_id
        ) as {{ link }}_place{{ ',' if not loop.last }}
        {%- endfor %}

    from linked

),

links as (

    select
        as_of_date,
        customer_id,
        product_id,
        {%- for link in ['similar', 'accessory', 'upgrade'] %}
        max(case when {{ link }}_place = 1 and {{ link }}_strength > 0 then seed_id end) as {{ link }}_of_id,
        round(coalesce({{ 'sum' if link == 'similar' else 'max' }}({{ link }}_strength), 0), 6) as {{ link }}_score{{ ',' if not loop.last }}
        {%- endfor %}

    from preferred

    group by as_of_date, customer_id, product_id

)

select *

from links

where similar_score > 0 or accessory_score > 0 or upgrade_score > 0
