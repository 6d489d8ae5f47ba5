{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# What a customer does and says besides buying, and how much of it reaches others. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

features as (

    select features.customer_id, features.share_count_365d

    from {{ ref('customer_features') }} as features

    inner join as_of
        on features.as_of_date = as_of.as_of_date

),

visits as (

    select * from {{ ref('int_customer_visits') }}

),

influence as (

    -- nobody ranks below zero shares, so not sharing is 0
    select
        customer_id,
        percent_rank() over (order by share_count_365d) as influence_score

    from features

),

combined as (

    -- at most one row of visits per customer
    select
        influence.customer_id,
        visits.first_event_at,
        visits.last_event_at,
        visits.sentiment_score,
        influence.influence_score,
        visits.channels

    from influence

    left join visits
        on influence.customer_id = visits.customer_id

)

select * from combined
