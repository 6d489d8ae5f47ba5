{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

history as (

    select * from {{ ref('segment_history') }}

),

tiers as (

    select
        history.customer_id,
        history.activity_tier,
        history.value_tier,
        history.promo_sensitivity

    from history

    inner join as_of
        on history.as_of_date = as_of.as_of_date

)

select * from tiers
