{#
    Which play each customer gets and who chose it: nothing for people under 18; service on the next visit for whom
    nothing may be sent to; else an event that fired and still holds; else the learnt choice where it is served; else
    the catalogue.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}

with

customers as (

    select * from {{ ref('int_contact__reachable') }}

),

lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

features as (

    select features.customer_id, features.days_since_last_order

    from {{ ref('customer_features') }} as features

    inner join {{ ref('int_run__as_of') }} as as_of
        on features.as_of_date = as_of.as_of_date

),

strategies as (

    select * from {{ ref('strategy_catalogue') }}

),

choices as (

    select * from {{ ref('next_action_choice') }}

),

described as (

    -- one row of each per customer, one strategy and at most one choice per stage and group
    select
        customers.customer_id,
        customers.as_of_date,
        customers.is_minor,
        {{ is_reachable_anywhere('customers') }} as is_reachable,
        lifecycle.stage as lifecycle_stage,
        rfm.rfm_group,
        features.days_since_last_order,
        coalesce(choices.play_code, strategies.play_code) as known_play_code,
        coalesce(choices.chosen_by, 'rule') as known_by,
        choices.expected_value,
        coalesce(choices.policy_version, 'rules') as policy_version

    from customers

    left join lifecycle
        on customers.customer_id = lifecycle.customer_id

    left join rfm
        on customers.customer_id = rfm.customer_id

    left join features
        on customers.customer_id = features.customer_id

    left join strategies
        on lifecycle.stage = strategies.lifecycle_stage
        and rfm.rfm_group = strategies.rfm_group

    left join choices
        on lifecycle.stage = choices.lifecycle_stage
        and rfm.rfm_group = choices.rfm_group

),

holding_events as (

    select
        events.*,
        row_number() over (
            partition by events.customer_id
            order by events.priority, events.triggered_on desc, events.trigger_code, events.episode_key
        ) as place

    from {{ ref('trigger_event') }} as events

    inner join described
        on events.customer_id = described.customer_id

    where
        described.is_reachable
        and not described.is_minor
        and {{ is_still_open('events', 'described') }}

),

chosen as (

    -- at most one event per customer, and none for whom nothing may be sent to
    select
        described.*,
        case
            when described.is_minor or not described.is_reachable then 'rule'
            when events.customer_id is not null then 'trigger'
            else described.known_by
        end as chosen_by,
        case
            when described.is_minor then 'no_marketing'
            when not described.is_reachable then 'serve_on_visit'
            when events.customer_id is not null then events.play_code
            else described.known_play_code
        end as play_code,
        events.trigger_code,
        events.priority as event_priority,
        events.expires_on as event_expires_on,
        events.offer_code as event_offer_code,
        events.offer_zh as event_offer_zh,
        events.offer_en as event_offer_en,
        events.reason_zh as event_reason_zh,
        events.reason_en as event_reason_en

    from described

    left join holding_events as events
        on described.customer_id = events.customer_id
        and events.place = 1

)

select * from chosen
