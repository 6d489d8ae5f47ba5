{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Who was chosen by a campaign and who stands beside them. Where nobody was left alone, that is everybody else who was
    known at the month-end before (method matched): no experiment, only a comparison within people who looked alike.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

campaigns as (

    select * from {{ ref('campaigns') }}

),

first_events as (

    select min(event_date) as first_event_date from {{ ref('events') }} where not is_linked_later

),

coupon_campaigns as (

    select * from {{ ref('int_campaign_coupons') }}

),

assignments as (

    select * from {{ ref('int_campaign_assignments') }}

),

dated as (

    -- at most one description and one row of coupons per campaign
    select
        experiments.*,
        least(
            coalesce(campaigns.starts_on, experiments.first_assigned_date), experiments.first_assigned_date
        ) as starts_on,
        coalesce(campaigns.window_days, {{ campaign_window_days() }}) as window_days,
        coupon_campaigns.campaign_id is not null as has_coupon,
        campaigns.holdout_share

    from (
        select
            source,
            campaign_id,
            method,
            min(assigned_date) as first_assigned_date,
            max(assigned_date) as last_assigned_date

        from assignments

        group by source, campaign_id, method
    ) as experiments

    left join campaigns
        on experiments.source = campaigns.source
        and experiments.campaign_id = campaigns.campaign_id

    left join coupon_campaigns
        on experiments.source = coupon_campaigns.source
        and experiments.campaign_id = coupon_campaigns.campaign_id

),

others as (

    -- whoever was not chosen waits from the first day of the campaign; where people were chosen for longer than a window,
    -- there is no such day
    select
        dated.source,
        dated.campaign_id,
        customers.customer_id,
        dated.method,
        false as is_treated,
        {{ local_to_utc('dated.first_assigned_date') }} as assigned_at,
        dated.first_assigned_date as assigned_date

    from dated

    inner join {{ ref('segment_history') }} as customers
        on {{ month_end_before('dated.first_assigned_date') }} = customers.as_of_date

    left join assignments
        on dated.source = assignments.source
        and dated.campaign_id = assignments.campaign_id
        and customers.customer_id = assignments.customer_id

    where
        dated.method = 'matched'
        and assignments.customer_id is null
        and {{ add_days('dated.first_assigned_date', 'dated.window_days') }} > dated.last_assigned_date

),

arms as (

    -- many customers to one campaign
    select
        people.source,
        people.campaign_id,
        people.customer_id,
        people.method,
        people.is_treated,
        people.assigned_at,
        people.assigned_date,
        dated.starts_on,
        {{ add_days('dated.last_assigned_date', 'dated.window_days - 1') }} as closes_on,
        cast(dated.window_days as integer) as window_days,
        dated.has_coupon,
        dated.holdout_share,
        {{ add_days('dated.last_assigned_date', 'dated.window_days - 1') }} <= as_of.as_of_date as is_final,
        {{ month_end_before('people.assigned_date') }} as snapshot_date,
        coalesce(
            first_events.first_event_date <= {{ add_days('dated.last_assigned_date', 'dated.window_days - 1') }}, false
        ) as can_be_seen

    from (select * from assignments union all select * from others) as people

    inner join dated
        on people.source = dated.source
        and people.campaign_id = dated.campaign_id

    -- one row each
    cross join as_of

    cross join first_events

)

select * from arms
