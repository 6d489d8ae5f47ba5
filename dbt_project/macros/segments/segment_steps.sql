{#
    What rules look at, as the CTE `measured`: one row per row of the CTE `features`, joined to the CTE `rules` (rows of
    int_segment_cut_points of one version).
#}
{% macro segment_measured() -%}
measured as (

    -- one rule per snapshot
    select
        rules.*,
        features.customer_id,
        features.days_since_last_order,
        features.days_since_last_interaction,
        features.mean_days_between_orders,
        features.purchase_day_count,
        features.order_count,
        features.discounted_order_count,
        features.promotion_order_count,
        features.distinct_category_count,
        {{ over_days('order_count', 'rules.rfm_window_days') }} as frequency,
        cast({{ over_days('net_spend', 'rules.rfm_window_days') }} as double) as monetary,
        {{ over_days('order_count', 'rules.value_window_days') }} as value_orders,
        cast({{ over_days('net_spend', 'rules.value_window_days') }} as double) as spend,
        {{ patience_days(
            'dormant', 'features.purchase_day_count', 'features.mean_days_between_orders',
            'rules.lifecycle_second_purchase_dormant_days'
        ) }} as dormant_after_days,
        {{ patience_days(
            'lost', 'features.purchase_day_count', 'features.mean_days_between_orders',
            'rules.lifecycle_second_purchase_lost_days'
        ) }} as lost_after_days

    from features

    inner join rules
        on features.as_of_date = rules.as_of_date

)
{%- endmacro %}


{#
    From features to segments, as CTEs of which the last is `segmented`; reads the CTEs `features` and `rules` as above.
    segment_history and the backtest of a candidate judge with the same steps.
#}
{% macro segment_steps() -%}
{{ segment_measured() }},

scored as (

    -- no score without an order in the window: a 1 would say that they bought, only less than others
    select
        *,
        cast(case
            when frequency > 0 then 5
                {%- for number in [1, 2, 3, 4] %}
                - case when days_since_last_order > rfm_recency_{{ number }} then 1 else 0 end
                {%- endfor %}
        end as integer) as r_score,
        {%- for score, measure in [('f_score', 'frequency'), ('m_score', 'monetary')] %}
        cast(case
            when frequency > 0 then 1
                {%- for number in [1, 2, 3, 4] %}
                + case when {{ measure }} > rfm_{{ measure }}_{{ number }} then 1 else 0 end
                {%- endfor %}
        end as integer) as {{ score }},
        {%- endfor %}
        -- orders that would be discounted if the customer bought as everybody does, in and between seasons
        (
            promotion_order_count * coalesce(promo_season_rate, 0)
            + (order_count - promotion_order_count) * coalesce(promo_normal_rate, 0)
        ) / nullif(promo_overall_rate, 0) as exposure

    from measured

),

judged as (

    -- silence goes before scores: whoever did nothing at all is asleep, rich or not
    select
        version,
        customer_id,
        as_of_date,
        r_score,
        f_score,
        m_score,
        {%- set share %}
            greatest(0, least(1,
                (discounted_order_count + promo_prior_orders * promo_overall_rate)
                / (coalesce(exposure, order_count) + promo_prior_orders)
            ))
        {%- endset %}
        case when order_count > 0 then {{ rounded(share, 4) }} end as promo_sensitivity,
        case
            when coalesce(days_since_last_interaction >= activity_dormant_days, true) then 'dormant'
            when r_score >= rfm_core_least_r_score and f_score + m_score >= rfm_core_least_fm_sum then 'core'
            when r_score >= rfm_growth_least_r_score and f_score + m_score >= rfm_growth_least_fm_sum
                then 'growth'
            else 'regular'
        end as rfm_group,
        case
            {%- for score in ['r_score', 'f_score', 'm_score'] %}
            {{ '' if loop.first else '|| ' -}}
            case when {{ score }} >= rfm_high_least_score then 'h' else 'l' end
            {%- endfor %}
            when 'hhh' then 'champions'
            when 'lhh' then 'important_retain'
            when 'hlh' then 'important_develop'
            when 'llh' then 'important_win_back'
            when 'hhl' then 'general_value'
            when 'lhl' then 'general_retain'
            when 'hll' then 'general_develop'
            else 'potential'
        end as rfm_class,
        case
            when days_since_last_interaction < activity_high_days then 'high'
            when days_since_last_interaction < activity_dormant_days then 'low'
            else 'dormant'
        end as activity_tier,
        case
            when spend > 0 and spend >= value_high_spend then 'high'
            when spend > 0 and (
                spend >= value_potential_spend
                or value_orders >= value_potential_orders
                or distinct_category_count >= value_potential_departments
            ) then 'potential'
            else 'low'
        end as value_tier,
        case
            when purchase_day_count = 0 then 'prospect'
            when days_since_last_order > lost_after_days then 'lost'
            when days_since_last_order > dormant_after_days then 'dormant'
            when purchase_day_count >= lifecycle_loyal_purchase_days then 'loyal'
            when purchase_day_count > 1 then 'active'
            else 'new'
        end as lifecycle_stage,
        coalesce(days_since_last_interaction < aipl_engagement_days, false) as is_engaged

    from scored

),

segmented as (

    -- one vocabulary row per stage
    select
        judged.*,
        stages.new_old as lifecycle_new_old,
        stages.activity as lifecycle_activity,
        stages.loyalty as lifecycle_loyalty,
        case
            when judged.lifecycle_stage = 'loyal' then 'loyalty'
            when judged.lifecycle_stage not in ('prospect', 'lost') then 'purchase'
            when judged.is_engaged then 'interest'
            else 'awareness'
        end as aipl

    from judged

    left join {{ ref('lifecycle_vocabulary') }} as stages
        on judged.lifecycle_stage = stages.stage

)
{%- endmacro %}
