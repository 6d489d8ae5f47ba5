{#
    Campaigns that reached a customer on each channel, and how many of them were clicked, until a day half a year (180 days)
    ago and since. A click is the one answer that every channel can tell: openings of text messages and ads are seen by nobody,
    and a coupon can be redeemed only where the campaign gave one.
#}
{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}
{%- set graded_days = 180 -%}

with

as_of as (

    select *, {{ add_days('as_of_date', -graded_days) }} as graded_from from {{ ref('int_run__as_of') }}

),

touches as (

    select touches.*, as_of.graded_from

    from {{ ref('campaign_touches') }} as touches

    cross join as_of

    where touches.customer_id is not null
        and {{ known_by_as_of('touches.touched_at') }}

),

per_campaign as (

    -- a campaign that writes twice, or is clicked twice, is one message and one answer
    select
        customer_id,
        source,
        campaign_id,
        graded_from,
        min(case when touch_type = 'sent' then channel end) as channel,
        min(case when touch_type = 'sent' then touch_date end) as sent_date,
        max(case when touch_type = 'clicked' then 1 else 0 end) as is_clicked

    from touches

    group by customer_id, source, campaign_id, graded_from

),

per_channel as (

    select
        customer_id,
        channel,
        sum(case when sent_date <= graded_from then 1 else 0 end) as sent_before,
        sum(case when sent_date <= graded_from then is_clicked else 0 end) as clicked_before,
        sum(case when sent_date > graded_from then 1 else 0 end) as sent_after,
        sum(case when sent_date > graded_from then is_clicked else 0 end) as clicked_after

    from per_campaign

    where channel is not null and sent_date is not null

    group by customer_id, channel

)

select * from per_channel
