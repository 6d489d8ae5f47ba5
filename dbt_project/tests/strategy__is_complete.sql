-- Fails with the row that is wrong in the seeds strategy_play, strategy_catalogue or trigger_catalogue, and the remedy.
-- Customers would otherwise get two actions, or none.
{%- set needed_plays = ['let_rest', 'serve_on_visit', 'no_marketing'] %}
{%- set triggers = [
    'birthday', 'cart_abandoned', 'first_churn', 'win_back', 'price_drop', 'replenishment', 'registered_no_order',
] %}
{%- set channels = ['sms', 'email', 'push', 'wechat', 'ads'] %}
{%- set goals = ['acquisition', 'activation', 'retention', 'growth', 'win_back'] %}

with

plays as (

    select * from {{ ref('strategy_play') }}

),

strategies as (

    select * from {{ ref('strategy_catalogue') }}

),

triggers as (

    select * from {{ ref('trigger_catalogue') }}

),

combinations as (

    select stages.code as lifecycle_stage, rfm_groups.code as rfm_group

    from {{ ref('segment_label') }} as stages

    cross join {{ ref('segment_label') }} as rfm_groups

    where stages.kind = 'lifecycle_stage' and rfm_groups.kind = 'rfm_group'

),

messages as (

    select 'strategy_play: play_code ' || play_code || ' stands in ' || count(*) || ' rows; keep one' as message

    from plays

    group by play_code

    having count(*) > 1

    union all

    select
        'strategy_play, row ' || coalesce(play_code, '(no play_code)')
        || ': play_code, names, goal, action_code, actions, priority, cooldown_days, valid_days, budget_per_customer'
        || ' and is_discount must be filled in, and an offer has a code and both names or none; goal is one of'
        || ' {{ goals | join(", ") }}'

    from plays

    where
        play_code is null or name_zh is null or name_en is null or action_code is null or action_zh is null
        or action_en is null or priority is null or cooldown_days is null or valid_days is null
        or budget_per_customer is null or is_discount is null
        or coalesce(goal, '') not in ('{{ goals | join("', '") }}')
        or (offer_code is null) <> (offer_zh is null)
        or (offer_code is null) <> (offer_en is null)
    {% for column in ['channel', 'fallback_channel'] %}
    union all

    select
        'strategy_play, row ' || play_code || ': {{ column }} ' || {{ column }}
        || ' is unknown; use one of {{ channels | join(", ") }} or leave it empty'

    from plays

    where {{ column }} not in ('{{ channels | join("', '") }}')
    {% endfor %}
    {%- for play in needed_plays %}
    union all

    select 'strategy_play: the play {{ play }} is missing; models give it to whom nothing may be sent'

    from (select count(*) as play_count from plays where play_code = '{{ play }}') as found

    where play_count = 0
    {% endfor %}
    union all

    select
        'strategy_catalogue: stage ' || combinations.lifecycle_stage || ' and group ' || combinations.rfm_group
        || case when count(strategies.play_code) = 0 then ' have no play; add a row' else ' stand in several rows; keep one' end

    from combinations

    left join strategies
        on combinations.lifecycle_stage = strategies.lifecycle_stage
        and combinations.rfm_group = strategies.rfm_group

    group by combinations.lifecycle_stage, combinations.rfm_group

    having count(strategies.play_code) <> 1

    union all

    select
        'strategy_catalogue, row ' || strategies.lifecycle_stage || ' and ' || strategies.rfm_group
        || ': no such stage and group; codes stand in the seed segment_label'

    from strategies

    left join combinations
        on strategies.lifecycle_stage = combinations.lifecycle_stage
        and strategies.rfm_group = combinations.rfm_group

    where combinations.rfm_group is null

    union all

    select
        'strategy_catalogue, row ' || strategies.lifecycle_stage || ' and ' || strategies.rfm_group
        || ': play_code ' || strategies.play_code || ' does not stand in strategy_play'

    from strategies

    left join plays
        on strategies.play_code = plays.play_code

    where strategies.play_code is not null and plays.play_code is null

    union all

    select 'trigger_catalogue: trigger_code ' || trigger_code || ' stands in ' || count(*) || ' rows; keep one'

    from triggers

    group by trigger_code

    having count(*) > 1

    union all

    select
        'trigger_catalogue, row ' || coalesce(triggers.trigger_code, '(no trigger_code)')
        || ': the trigger must be one of {{ triggers | join(", ") }}, its play ('
        || coalesce(triggers.play_code, 'none') || ') stand in strategy_play, and is_active, priority, grace_days,'
        || ' apart_days and is_per_product be filled in'

    from triggers

    left join plays
        on triggers.play_code = plays.play_code

    where
        coalesce(triggers.trigger_code, '') not in ('{{ triggers | join("', '") }}')
        or plays.play_code is null or triggers.is_active is null or triggers.priority is null
        or triggers.grace_days is null or triggers.grace_days < 1 or triggers.apart_days is null
        or triggers.is_per_product is null

),

first_message as (

    select
        min(message) || case when count(*) > 1 then ' (and ' || cast(count(*) - 1 as string) || ' more)' else '' end
            as message

    from messages

    having count(*) > 0

)

select * from first_message where {{ fail_with('message') }} is null
