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

segments as (

    select * from {{ ref('segment_history') }}

),

features as (

    select * from {{ ref('customer_features') }}

),

strategies as (

    select * from {{ ref('strategy_catalogue') }}

),

choices as (

    select * from {{ ref('next_action_choice') }}

),

described as (

    -- one row of segments and features per customer, one strategy and at most one choice per stage and group
    select
        customers.customer_id,
        customers.as_of_date,
        customers.is_minor,
        {{ is_reachable_anywhere('customers') }} as is_reachable,
        segments.lifecycle_stage,
        segments.rfm_group,
        features.days_since_last_order,
        strategies.play_code as rule_play_code,
        coalesce(choices.play_code, strategies.play_code) as known_play_code,
        coalesce(choices.chosen_by, 'rule') as known_by,
        choices.expected_value,
        coalesce(choices.policy_version, 'rules') as policy_version

    from customers

    left join segments
        on customers.customer_id = segments.customer_id
        and customers.as_of_date = segments.as_of_date

    left join features
        on customers.customer_id = features.customer_id
        and customers.as_of_date = features.as_of_date

    left join strategies
        on segments.lifecycle_stage = strategies.lifecycle_stage
        and segments.rfm_group = strategies.rfm_group

    left join choices
        on segments.lifecycle_stage = choices.lifecycle_stage
        and segments.rfm_group = choices.rfm_group

),

holding_events as (

    -- an order since answers an event, save a greeting; one that ends a silence answers what the silence fired
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
        events.triggered_on <= described.as_of_date
        and events.expires_on >= described.as_of_date
        and (
            events.trigger_code = 'birthday'
            or described.days_since_last_order is null
            or (
                described.days_since_last_order > {{ days_between('events.triggered_on', 'described.as_of_date') }}
                and (
                    events.trigger_code not in ('first_churn', 'win_back', 'registered_no_order')
                    or described.days_since_last_order
                    >= {{ days_between('events.episode_started_on', 'described.as_of_date') }}
                )
            )
        )

),

chosen as (

    -- at most one event per customer
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
        events.episode_key,
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
        and described.is_reachable
        and not described.is_minor

)

select * from chosen
