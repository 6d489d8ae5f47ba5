{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Customers whose interests or tags are not what a build from nothing would make of them: beside those of whom
    something happened, those who looked at a product that is filed elsewhere now, who searched a word that means
    something else now, and whose profile differs.
#}

with

changed as (

    select * from {{ ref('int_customers__changed') }}

),

events as (

    select customer_id, product_id, search_keyword from {{ ref('events') }} where customer_id is not null

),

traits as (

    select customer_id, trait_hash from {{ ref('int_customer_traits') }}

),

traits_before as (

    select customer_id, trait_hash from {{ source('ops', 'complete_trait') }}

),

of_refiled_products as (

    select customer_id

    from events

    where {{ stands_in(ref('int_products__refiled'), ['product_id']) }}

),

of_changed_words as (

    select customer_id

    from events

    where {{ stands_in(ref('int_search_words__changed'), {'word': 'search_keyword'}) }}

),

of_changed_traits as (

    -- at most one row per customer on both sides
    select coalesce(traits.customer_id, traits_before.customer_id) as customer_id

    from traits

    full outer join traits_before
        on traits.customer_id = traits_before.customer_id

    where traits.trait_hash is distinct from traits_before.trait_hash

),

retagged as (

    select customer_id from changed
    union
    select customer_id from of_refiled_products
    union
    select customer_id from of_changed_words
    union
    select customer_id from of_changed_traits

)

select * from retagged
