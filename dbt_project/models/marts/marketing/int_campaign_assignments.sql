{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whom a campaign chose, and in which arm. Only what happened before the message tells the arm: openings, clicks and
    redemptions are answers, and whoever answers is not like the others.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

chosen as (

    select
        touches.source,
        touches.campaign_id,
        touches.customer_id,
        coalesce(min(touches.arm), 'treatment') as first_arm,
        coalesce(max(touches.arm), 'treatment') as last_arm,
        min(case when touches.arm is not null then touches.touched_at end) as armed_at,
        min(touches.touched_at) as reached_at

    from {{ ref('campaign_touches') }} as touches

    cross join as_of

    where
        touches.touch_type in ('assigned', 'sent')
        and touches.customer_id is not null
        and {{ known_by_as_of('touches.touched_at') }}

    group by touches.source, touches.campaign_id, touches.customer_id

),

assigned as (

    -- two records of one person may fall into two arms: such a person says nothing about either
    select
        *,
        first_arm = 'treatment' as is_treated,
        max(case when first_arm = 'holdout' then 1 else 0 end) over (
            partition by source, campaign_id
        ) = 1 as has_holdout,
        max(case when first_arm = 'treatment' and armed_at is not null then 1 else 0 end) over (
            partition by source, campaign_id
        ) = 1 as has_treatment

    from chosen

    where first_arm = last_arm

),

timed as (

    -- beside a holdout, a message to somebody in no arm tells nothing: who could not be reached is not told apart
    select
        source,
        campaign_id,
        customer_id,
        case when has_holdout then 'holdout' else 'matched' end as method,
        is_treated,
        coalesce(armed_at, reached_at) as assigned_at,
        {{ business_date('coalesce(armed_at, reached_at)') }} as assigned_date

    from assigned

    where not has_holdout or (has_treatment and armed_at is not null)

)

select * from timed
