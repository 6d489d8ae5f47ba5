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

neighbours as (

    -- at most twenty per product and relation
    select
        similarity.as_of_date,
        similarity.product_id as seed_id,
        similarity.similar_product_id as product_id,
        similarity.relation,
        similarity.strength,
        coalesce(
            similarity.relation = 'similar'
            and owned.subcategory = offered.subcategory
            and offered.price between {{ dearer_by }} * owned.price and {{ at_most }} * owned.price, false
        ) as is_step_up

    from {{ ref('int_item_similarity') }} as similarity

    inner join outlooks as offered
        on similarity.as_of_date = offered.as_of_date
        and similarity.similar_product_id = offered.product_id

    left join outlooks as owned
        on similarity.as_of_date = owned.as_of_date
        and similarity.product_id = owned.product_id

    where offered.is_on_sale

),

history as (

    select
        as_of_date,
        customer_id,
        product_id,
        coalesce(last_order_date > {{ add_days('as_of_date', -accessory_days) }}, false) as is_bought_lately,
        coalesce(last_order_date <= {{ add_days('as_of_date', -upgrade_after_days) }}, false) as is_used,
        row_number() over (
            partition by as_of_date, customer_id order by last_sign_date desc, order_day_count desc, product_id
        ) as place

    from {{ ref('int_recommendation_history') }}

    where not is_returned

),

linked as (

    -- places are unique per customer, so that no two seeds of one product weigh the same
    select
        history.as_of_date,
        history.customer_id,
        neighbours.product_id,
        neighbours.seed_id,
        neighbours.strength - 1e-9 * history.place as evidence,
        case when neighbours.relation = 'similar' then neighbours.strength end as similar_strength,
        case when neighbours.relation = 'bought_together' and history.is_bought_lately then neighbours.strength end
            as accessory_strength,
        case when neighbours.is_step_up and history.is_used then neighbours.strength end as upgrade_strength

    from history

    inner join neighbours
        on history.as_of_date = neighbours.as_of_date
        and history.product_id = neighbours.seed_id

    where history.place <= {{ seeds }}

),

links as (

    -- of several seeds the strongest is the reason
    select
        as_of_date,
        customer_id,
        product_id,
        {{ rounded('coalesce(sum(similar_strength), 0)', 6) }} as similar_score,
        {{ rounded('coalesce(max(accessory_strength), 0)', 6) }} as accessory_score,
        {{ rounded('coalesce(max(upgrade_strength), 0)', 6) }} as upgrade_score,
        max_by(seed_id, case when similar_strength > 0 then evidence end) as similar_of_id,
        max_by(seed_id, case when accessory_strength > 0 then evidence end) as accessory_of_id,
        max_by(seed_id, case when upgrade_strength > 0 then evidence end) as upgrade_of_id

    from linked

    group by as_of_date, customer_id, product_id

)

select *

from links

where similar_score > 0 or accessory_score > 0 or upgrade_score > 0
