{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Every message that somebody or something wants to send on this day: audiences with an activation, triggers that
    fired, and next actions. Whether it is sent is decided in activation_queue.
#}
{#- share of those a trigger or a play would write to that is left alone, to measure what it brings #}
{%- set holdout_share = 0.1 %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

definitions as (

    select * from {{ ref('audience_definition') }} where campaign_id is not null

),

members as (

    select * from {{ ref('audience_membership') }}

),

triggers as (

    select * from {{ ref('trigger_event') }}

),

actions as (

    -- what a trigger chose is the trigger's own message
    select * from {{ ref('customer_next_action') }} where channel is not null and chosen_by <> 'trigger'

),

preferences as (

    select * from {{ ref('customer_contact_preference') }}

),

wanted as (

    select
        members.customer_id,
        'audience' as kind,
        2 as kind_rank,
        members.audience_code as kind_code,
        definitions.campaign_id,
        definitions.channel,
        definitions.offer_code,
        definitions.offer_zh,
        definitions.offer_en,
        definitions.priority,
        definitions.holdout_share,
        definitions.every_days,
        definitions.most_per_day,
        members.reason_zh,
        members.reason_en

    from members

    inner join definitions
        on members.audience_code = definitions.audience_code

    inner join as_of
        on as_of.as_of_date >= coalesce(definitions.starts_on, as_of.as_of_date)
        and as_of.as_of_date <= coalesce(definitions.ends_on, as_of.as_of_date)

    union all

    -- an episode fires once, so a trigger needs no pause of its own
    select
        triggers.customer_id,
        'trigger' as kind,
        1 as kind_rank,
        triggers.trigger_code as kind_code,
        'trigger_' || triggers.trigger_code as campaign_id,
        coalesce(triggers.channel, 'best') as channel,
        triggers.offer_code,
        triggers.offer_zh,
        triggers.offer_en,
        triggers.priority,
        cast({{ holdout_share }} as double) as holdout_share,
        1 as every_days,
        cast(null as bigint) as most_per_day,
        triggers.reason_zh,
        triggers.reason_en

    from triggers

    inner join as_of
        on triggers.triggered_on = as_of.as_of_date

    union all

    select
        customer_id,
        'next_action' as kind,
        3 as kind_rank,
        play_code as kind_code,
        'play_' || play_code as campaign_id,
        channel,
        offer_code,
        offer_zh,
        offer_en,
        priority,
        cast({{ holdout_share }} as double) as holdout_share,
        cooldown_days as every_days,
        cast(null as bigint) as most_per_day,
        reason_zh,
        reason_en

    from actions

),

on_channels as (

    -- two episodes of one trigger on one day are one message; at most one preference per customer
    select
        wanted.*,
        case wanted.channel when 'best' then preferences.best_channel else wanted.channel end as sent_on_channel,
        preferences.best_hour,
        row_number() over (
            partition by wanted.customer_id, wanted.campaign_id
            order by wanted.priority, wanted.offer_code, wanted.reason_en
        ) as wish_rank

    from wanted

    left join preferences
        on wanted.customer_id = preferences.customer_id

)

select * from on_channels where wish_rank = 1
