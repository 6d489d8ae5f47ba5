{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    What customer_interest says about topics: the strength of a topic is that of the categories in it. Topics of brands
    have none, because interests are told in categories.
#}

with

interests as (

    select * from {{ ref('customer_interest') }}

),

categories as (

    select code, coalesce(nullif(department_code, ''), code) as department_code from {{ ref('product_category') }}

),

topics as (

    select distinct topic, nullif(category_l1_code, '') as category_l1_code, nullif(category_l2_code, '') as category_l2_code

    from {{ ref('interest_topic') }}

    where nullif(brand_tier, '') is null

),

topic_categories as (

    -- few rows on both sides; a category may match several rows of a topic, and several topics
    select distinct topics.topic, categories.code

    from topics

    inner join categories
        on coalesce(topics.category_l1_code, categories.department_code) = categories.department_code
        and coalesce(topics.category_l2_code, categories.code) = categories.code

),

strengths as (

    select interests.customer_id, topic_categories.topic, sum(interests.strength) as strength

    from interests

    inner join topic_categories
        on interests.interest = topic_categories.code

    group by interests.customer_id, topic_categories.topic

)

select * from strengths
