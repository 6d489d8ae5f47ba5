{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

before as (

    select * from {{ source('ops', 'complete_search_word') }}

),

words as (

    select * from {{ ref('int_search_words') }}

),

changed as (

    -- at most one row per word on both sides
    select coalesce(words.word, before.word) as word

    from words

    full outer join before
        on words.word = before.word

    where
        words.category_l1_code is distinct from before.category_l1_code
        or words.category_l2_code is distinct from before.category_l2_code
        or words.brand is distinct from before.brand

)

select * from changed
