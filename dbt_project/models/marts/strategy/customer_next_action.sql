with

chosen as (

    select * from {{ ref('int_next_action__chosen') }}

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

labels as (

    select * from {{ ref('segment_label') }}

),

churn_scores as (

    select * from {{ ref('customer_churn_score') }}

),

recommendations as (

    select * from {{ ref('customer_recommendation') }} where item_type = 'product' and rank = 1

),

products as (

    select product_id, product_name from {{ ref('products') }}

),

named as (

    -- one play and two labels per customer, at most one row of everything else
    select
        chosen.*,
        plays.name_zh as play_zh,
        plays.name_en as play_en,
        plays.action_code,
        plays.action_zh,
        plays.action_en,
        case when chosen.chosen_by = 'trigger' then chosen.event_offer_code else plays.offer_code end as offer_code,
        case when chosen.chosen_by = 'trigger' then chosen.event_offer_zh else plays.offer_zh end as offer_zh,
        case when chosen.chosen_by = 'trigger' then chosen.event_offer_en else plays.offer_en end as offer_en,
        coalesce(chosen.event_priority, plays.priority) as priority,
        plays.cooldown_days,
        coalesce(chosen.event_expires_on, {{ add_days('chosen.as_of_date', 'plays.valid_days') }}) as expires_on,
        {{ channel_for() }} as channel,
        '阶段：' || coalesce(stages.label_zh, chosen.lifecycle_stage) || '，分组：'
        || coalesce(rfm_groups.label_zh, chosen.rfm_group) as segment_zh,
        'Stage ' || coalesce(stages.label_en, chosen.lifecycle_stage) || ', group '
        || coalesce(rfm_groups.label_en, chosen.rfm_group) as segment_en,
        cast(cast(round(100 * churn_scores.churn_probability, 0) as integer) as string) as churn_percentage,
        case when chosen.play_code not in ('let_rest', 'no_marketing') then products.product_name end as product_name

    from chosen

    inner join plays
        on chosen.play_code = plays.play_code

    inner join reachable
        on chosen.customer_id = reachable.customer_id

    left join best_channels
        on chosen.customer_id = best_channels.customer_id

    left join labels as stages
        on chosen.lifecycle_stage = stages.code
        and stages.kind = 'lifecycle_stage'

    left join labels as rfm_groups
        on chosen.rfm_group = rfm_groups.code
        and rfm_groups.kind = 'rfm_group'

    left join churn_scores
        on chosen.customer_id = churn_scores.customer_id

    left join recommendations
        on chosen.customer_id = recommendations.customer_id

    left join products
        on recommendations.item_id = products.product_id

),

told as (

    select
        customer_id,
        as_of_date,
        play_code,
        action_code as next_action,
        action_zh as next_action_zh,
        action_en as next_action_en,
        offer_code,
        offer_zh,
        offer_en,
        channel,
        cast(priority as integer) as priority,
        cast(cooldown_days as integer) as cooldown_days,
        expires_on,
        trigger_code,
        {{ next_action_reason_zh() }} as reason_zh,
        {{ next_action_reason_en() }} as reason_en,
        chosen_by,
        case
            when chosen_by = 'optimiser' or (chosen_by = 'rule' and play_code = known_play_code) then expected_value
        end as expected_value,
        policy_version

    from named

)

select * from told
