{#- what is known of a customer, in both languages; each part is left out where it is not known -#}
{%- set parts_en = [
    "case named.days_since_last_order when 0 then ', ordered today' "
    ~ "else coalesce(', last order ' || named.days_since_last_order || ' days ago', ', has never ordered') end",
    "coalesce(', churn probability ' || named.churn_percentage || '%', '')",
    "coalesce('; worth showing: ' || named.product_name, '')",
] -%}
{%- set parts_zh = [
    "case named.days_since_last_order when 0 then '，今天下过单' "
    ~ "else coalesce('，' || named.days_since_last_order || ' 天前下过单', '，从未下单') end",
    "coalesce('，流失概率 ' || named.churn_percentage || '%', '')",
    "coalesce('；适合推荐：' || named.product_name, '')",
] -%}

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
        and chosen.as_of_date = churn_scores.as_of_date

    left join recommendations
        on chosen.customer_id = recommendations.customer_id
        and chosen.as_of_date = recommendations.as_of_date

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
        case
            when is_minor then '未满 18 岁，不做营销。'
            when not is_reachable then '没有任何渠道可以联系（未同意或没有联系方式），不主动触达。'
            when chosen_by = 'trigger' then event_reason_zh || '，因此“' || play_zh || '”。'
            when chosen_by = 'optimiser'
                then '过往活动中，“' || play_zh || '”对这类客户每人预计带来 ' || cast(expected_value as string)
                    || '，优于策略目录。'
            else '按策略目录，“' || play_zh || '”适合这类客户。'
        end || segment_zh || {{ parts_zh | join(' || ') }} || '。' as reason_zh,
        case
            when is_minor then 'Under 18, so no marketing. '
            when not is_reachable
                then 'May be reached on no channel (no consent or no address), so nothing is sent. '
            when chosen_by = 'trigger' then event_reason_en || ', hence "' || play_en || '". '
            when chosen_by = 'optimiser'
                then 'In past campaigns "' || play_en || '" is expected to bring ' || cast(expected_value as string)
                    || ' per customer like this, more than the play of the catalogue. '
            else 'By the catalogue "' || play_en || '" suits customers like this. '
        end || segment_en || {{ parts_en | join(' || ') }} || '.' as reason_en,
        chosen_by,
        case
            when chosen_by = 'optimiser' or (chosen_by = 'rule' and play_code = known_play_code) then expected_value
        end as expected_value,
        policy_version

    from named

)

select * from told
