{#
    The stage of segment_history with the day it began. Silence ends patience on a day that follows from the last
    purchase. A stage that a purchase brought began with the purchase that reached it or with the last comeback after
    a silence that was longer than the customer's patience at the time.
#}
{%- set vocabularies = ['lifecycle_new_old', 'lifecycle_activity', 'lifecycle_loyalty', 'aipl'] -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

all_rules as (

    select * from {{ ref('int_segment_cut_points') }} where status = 'live'

),

rules as (

    select all_rules.*

    from all_rules

    inner join as_of
        on all_rules.as_of_date = as_of.as_of_date

),

purchases as (

    -- a stage can have begun with these only; others would be joined in vain
    select purchases.*

    from {{ ref('int_customer_purchases') }} as purchases

    cross join rules

    where
        purchases.purchase_number in (2, rules.lifecycle_loyal_purchase_days)
        or purchases.gap_days > coalesce(
            rules.lifecycle_fixed_dormant_days, rules.lifecycle_dormant_least_days
        )

),

positions as (

    -- one row per customer and snapshot on both sides, one rule per snapshot
    select
        history.customer_id,
        history.as_of_date,
        history.lifecycle_stage as stage,
        {%- for vocabulary in vocabularies %}
        history.{{ vocabulary }},
        {%- endfor %}
        features.tenure_days,
        features.days_since_first_order,
        features.days_since_last_order,
        features.purchase_day_count,
        {{ patience_days(
            'dormant', 'features.purchase_day_count', 'features.mean_days_between_orders',
            'rules.lifecycle_second_purchase_dormant_days'
        ) }} as dormant_after_days,
        {{ patience_days(
            'lost', 'features.purchase_day_count', 'features.mean_days_between_orders',
            'rules.lifecycle_second_purchase_lost_days'
        ) }} as lost_after_days,
        case
            when features.purchase_day_count >= rules.lifecycle_loyal_purchase_days then 'loyal'
            when features.purchase_day_count > 1 then 'active'
            when features.purchase_day_count = 1 then 'new'
        end as bought_stage

    from {{ ref('segment_history') }} as history

    inner join {{ ref('customer_features') }} as features
        on history.customer_id = features.customer_id
        and history.as_of_date = features.as_of_date

    inner join rules
        on history.as_of_date = rules.as_of_date

),

patience_before as (

    -- how long they could have stayed away before each purchase, as was known before it
    select
        purchases.customer_id,
        purchases.purchase_number,
        purchases.purchase_date,
        purchases.gap_days,
        positions.stage,
        case
            when positions.stage = 'loyal' then rules.lifecycle_loyal_purchase_days
            else 2
        end as stage_number,
        case
            when positions.stage = 'loyal' and rules.lifecycle_loyal_purchase_days > 2 then 'active'
            else 'new'
        end as stage_below,
        {%- for limit in ['dormant', 'lost'] %}
        {{ patience_days(
            limit, '(purchases.purchase_number - 1)',
            'cast(' ~ days_between('purchases.first_purchase_date', 'purchases.previous_purchase_date')
            ~ ' as double) / nullif(purchases.purchase_number - 2, 0)',
            'coalesce(rules_then.lifecycle_second_purchase_' ~ limit ~ '_days, '
            ~ 'rules.lifecycle_second_purchase_' ~ limit ~ '_days)'
        ) }} as {{ limit }}_after_days{{ ',' if not loop.last }}
        {%- endfor %}

    from purchases

    inner join positions
        on purchases.customer_id = positions.customer_id

    cross join rules

    -- the last month-end before the purchase
    left join all_rules as rules_then
        on rules_then.as_of_date = {{ add_days("date_trunc('month', purchases.purchase_date)", -1) }}

    where purchases.purchase_number > 1 and positions.stage in ('active', 'loyal')

),

entries as (

    select
        customer_id,
        max(purchase_date) as entered_on,
        max_by(
            case
                when gap_days > lost_after_days then 'lost'
                when gap_days > dormant_after_days then 'dormant'
                else stage_below
            end,
            purchase_number
        ) as previous_stage

    from patience_before

    where
        purchase_number = stage_number
        or (purchase_number > stage_number and gap_days > dormant_after_days)

    group by customer_id

),

explained as (

    -- at most one entry per customer
    select
        positions.*,
        cast(
            case positions.stage
                when 'prospect' then {{ add_days('as_of_date', '-tenure_days') }}
                when 'new' then {{ add_days('as_of_date', '-days_since_first_order') }}
                when 'dormant'
                    then {{ add_days('as_of_date', 'positions.dormant_after_days + 1 - days_since_last_order') }}
                when 'lost'
                    then {{ add_days('as_of_date', 'positions.lost_after_days + 1 - days_since_last_order') }}
                else entries.entered_on
            end as date
        ) as entered_on,
        case
            when stage = 'lost' then 'dormant'
            when stage = 'dormant' then bought_stage
            when stage = 'new' and tenure_days > days_since_first_order then 'prospect'
            else entries.previous_stage
        end as previous_stage

    from positions

    left join entries
        on positions.customer_id = entries.customer_id

),

labelled as (

    select
        explained.customer_id,
        explained.as_of_date,
        explained.stage,
        stage_labels.label_zh,
        stage_labels.label_en,
        explained.entered_on,
        explained.previous_stage,
        {%- for vocabulary in vocabularies %}
        explained.{{ vocabulary }},
        {{ vocabulary }}_labels.label_zh as {{ vocabulary }}_zh,
        {{ vocabulary }}_labels.label_en as {{ vocabulary }}_en,
        {%- endfor %}
        explained.purchase_day_count,
        explained.dormant_after_days,
        explained.lost_after_days

    from explained

    {{ label_join('lifecycle_stage', 'explained.stage', 'stage_labels') }}
    {% for vocabulary in vocabularies %}
    {{ label_join(vocabulary, 'explained.' ~ vocabulary) }}
    {% endfor %}
)

select * from labelled
