{#
    What would fire on the day of the run if nothing had fired before: what became due within the grace of its trigger,
    with the play it starts. Of episodes that a customer has several of at once, the one that was due first.
#}
{{ config(materialized='view', schema='intermediate', contract={'enforced': false}) }}
{%- set kinds = [
    'int_trigger_birthdays', 'int_trigger_silences', 'int_trigger_risks', 'int_trigger_replenishments',
    'int_trigger_price_drops', 'int_trigger_carts',
] %}
{%- set columns = [
    'trigger_code', 'customer_id', 'episode_key', 'episode_started_on', 'episode_ends_on', 'due_on', 'product_id',
    'reason_zh', 'reason_en',
] %}

with

episodes as (
    {% for kind in kinds %}
    select {{ columns | join(', ') }} from {{ ref(kind) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

triggers as (

    select * from {{ ref('trigger_catalogue') }} where is_active

),

plays as (

    select * from {{ ref('strategy_play') }}

),

reachable as (

    select * from {{ ref('int_contact__reachable') }}

),

best_channels as (

    select customer_id, channel from {{ ref('int_contact__best_channels') }}

),

due as (

    -- one trigger and play per episode, one customer, at most one best channel
    select
        episodes.*,
        reachable.as_of_date as triggered_on,
        triggers.play_code,
        cast(triggers.priority as integer) as priority,
        triggers.apart_days,
        case when triggers.is_per_product then episodes.product_id end as subject,
        {{ channel_for() }} as channel,
        plays.offer_code,
        plays.offer_zh,
        plays.offer_en,
        {{ add_days('reachable.as_of_date', 'plays.valid_days') }} as expires_on,
        row_number() over (
            partition by
                episodes.trigger_code,
                episodes.customer_id,
                case when triggers.is_per_product then episodes.product_id end
            order by episodes.due_on, episodes.episode_started_on, episodes.episode_key, episodes.product_id
        ) as place

    from episodes

    inner join triggers
        on episodes.trigger_code = triggers.trigger_code

    inner join plays
        on triggers.play_code = plays.play_code

    -- nobody who is not in sight, and nobody under age
    inner join reachable
        on episodes.customer_id = reachable.customer_id
        and not reachable.is_minor

    left join best_channels
        on episodes.customer_id = best_channels.customer_id

    where
        episodes.due_on > {{ add_days('reachable.as_of_date', '-triggers.grace_days') }}
        and episodes.due_on <= reachable.as_of_date

)

select * from due where place = 1
