{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Who was written to and who was left alone, in campaigns that did both and whose window is over. Only what happened
    before the message tells the arm: openings, clicks and redemptions are answers, and whoever answers is not like
    the others.
#}
{%- set window_days = 28 %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

campaigns as (

    select * from {{ ref('campaigns') }}

),

touches as (

    select campaign_touches.*

    from {{ ref('campaign_touches') }} as campaign_touches

    cross join as_of

    where
        campaign_touches.touch_type in ('assigned', 'sent')
        and campaign_touches.arm in ('treatment', 'holdout')
        and campaign_touches.customer_id is not null
        and campaign_touches.touched_at < as_of.as_of_end_at

),

coupon_campaigns as (

    select * from {{ ref('int_promotion_coupons') }}

),

assigned as (

    -- two records of one person may fall into two arms: such a person says nothing about either
    select
        source,
        campaign_id,
        customer_id,
        min(arm) = 'treatment' as is_treated,
        min(touched_at) as assigned_at,
        min(touch_date) as assigned_date

    from touches

    group by source, campaign_id, customer_id

    having min(arm) = max(arm)

),

experiments as (

    select
        source,
        campaign_id,
        min(assigned_date) as first_assigned_date,
        max(assigned_date) as last_assigned_date

    from assigned

    group by source, campaign_id

    having min(case when is_treated then 1 else 0 end) < max(case when is_treated then 1 else 0 end)

),

dated as (

    -- at most one description and one row of coupons per campaign
    select
        experiments.source,
        experiments.campaign_id,
        least(
            coalesce(campaigns.starts_on, experiments.first_assigned_date), experiments.first_assigned_date
        ) as starts_on,
        {{ add_days('experiments.last_assigned_date', window_days - 1) }} as closes_on,
        coupon_campaigns.campaign_id is not null as has_coupon,
        campaigns.holdout_share

    from experiments

    left join campaigns
        on experiments.source = campaigns.source
        and experiments.campaign_id = campaigns.campaign_id

    left join coupon_campaigns
        on experiments.source = coupon_campaigns.source
        and experiments.campaign_id = coupon_campaigns.campaign_id

),

finished as (

    -- many customers to one campaign
    select
        assigned.source,
        assigned.campaign_id,
        assigned.customer_id,
        assigned.is_treated,
        assigned.assigned_at,
        assigned.assigned_date,
        dated.starts_on,
        dated.closes_on,
        cast({{ window_days }} as integer) as window_days,
        dated.has_coupon,
        dated.holdout_share

    from assigned

    inner join dated
        on assigned.source = dated.source
        and assigned.campaign_id = dated.campaign_id

    cross join as_of

    where dated.closes_on <= as_of.as_of_date

)

select * from finished
