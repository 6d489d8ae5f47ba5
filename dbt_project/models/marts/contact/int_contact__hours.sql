{#
    At which hours of business time a customer does something without being asked, or answers a message: visits and own acts,
    openings and clicks of a year, until a day 90 days ago and since. An hour of a day counts once, however many pages were
    looked at.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}
{%- set remembered_days = 365 -%}
{%- set graded_days = 90 -%}

with

as_of as (

    select
        *,
        {{ add_days('as_of_date', -graded_days) }} as graded_from,
        {{ local_to_utc(add_days('as_of_date', 1 - remembered_days)) }} as remembered_from_at

    from {{ ref('int_run__as_of') }}

),

acts as (

    select customer_id, occurred_at as acted_at

    from {{ ref('events') }}

    where customer_id is not null and not is_linked_later

    union all

    select customer_id, touched_at

    from {{ ref('campaign_touches') }}

    where customer_id is not null and touch_type in ('opened', 'clicked')

),

local_acts as (

    select distinct
        acts.customer_id,
        {{ business_date('acts.acted_at') }} as act_date,
        cast(extract(hour from {{ utc_to_local('acts.acted_at') }}) as integer) as hour,
        as_of.graded_from

    from acts

    cross join as_of

    where acts.acted_at >= as_of.remembered_from_at
        and {{ known_by_as_of('acts.acted_at') }}

),

per_hour as (

    select
        customer_id,
        hour,
        sum(case when act_date <= graded_from then 1 else 0 end) as acts_before,
        sum(case when act_date > graded_from then 1 else 0 end) as acts_after

    from local_acts

    group by customer_id, hour

)

select * from per_hour
