{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Customers with a fact between the end of the day that the last complete run computed and the end of this one's,
    whichever is earlier: landed or not, it counts on one of the two days only. Nobody where no run was complete.
#}
{%- set facts_with_customers = [
    ('orders', 'ordered_at'), ('events', 'occurred_at'), ('reviews', 'reviewed_at'),
    ('campaign_touches', 'touched_at'),
] -%}

with

as_of as (

    select
        as_of_end_at,
        cast({{ run_context('complete_as_of_end_at') }} as timestamp) as complete_as_of_end_at

    from {{ ref('int_run__as_of') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

orders as (

    select * from {{ ref('orders') }}

),

refunds as (

    select * from {{ ref('int_refunds__unioned') }}

),

points as (

    select * from {{ ref('int_points__unioned') }}

),

referrals as (

    select * from {{ ref('int_referrals__unioned') }}

),

dated_facts as (
    {% for fact, instant in facts_with_customers %}
    select facts.customer_id, facts.{{ instant }} as happened_at from {{ ref(fact) }} as facts

    union all
    {% endfor %}
    select orders.customer_id, refunds.refunded_at

    from refunds

    inner join orders
        on refunds.source = orders.source
        and refunds.order_id = orders.order_id

    union all

    select records.customer_id, points.changed_at

    from points

    inner join records
        on points.source = records.source
        and points.source_customer_id = records.source_customer_id

    union all

    select records.customer_id, referrals.referred_at

    from referrals

    inner join records
        on referrals.source = records.source
        and referrals.referrer_source_customer_id = records.source_customer_id

),

in_sight as (

    -- one row on both sides
    select distinct dated_facts.customer_id

    from dated_facts

    cross join as_of

    where
        dated_facts.happened_at >= least(as_of.complete_as_of_end_at, as_of.as_of_end_at)
        and dated_facts.happened_at < greatest(as_of.complete_as_of_end_at, as_of.as_of_end_at)

)

select * from in_sight where customer_id is not null
