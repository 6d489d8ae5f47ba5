{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# Products are numbered in the order of their ids: to count and to join whole numbers takes half as long as texts. #}

with

met as (

    select product_id from {{ ref('int_product_signs') }}

    union

    select product_id from {{ ref('int_similarity_members') }}

),

numbered as (

    select product_id, cast(row_number() over (order by product_id) as integer) as product from met

)

select * from numbered
