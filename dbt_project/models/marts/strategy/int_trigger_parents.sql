{# Whoever was taken out of a customer has been that customer until then; both under the ids that live on. #}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

redirects as (

    select * from {{ ref('customer_redirect') }} where current_customer_id is not null

),

splits as (

    select * from {{ ref('id_history') }} where event = 'split'

),

living as (

    -- at most one redirect per id
    select distinct
        coalesce(children.current_customer_id, splits.related_customer_id) as customer_id,
        coalesce(parents.current_customer_id, splits.customer_id) as parent_id

    from splits

    left join redirects as children
        on splits.related_customer_id = children.customer_id

    left join redirects as parents
        on splits.customer_id = parents.customer_id

)

select * from living
