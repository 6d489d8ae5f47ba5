{#
    The stage a customer is in and the day it began, worked out from the purchase days alone, so that it
    needs no memory of earlier runs. Patience is personal: a weekly shopper is missed after weeks, a yearly
    one after years. Whoever bought once has no rhythm yet and is given the time in which 80 % (then 90 %) of
    those who ever came back had come back.
#}
{%- set loyal_purchase_days = 4 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

first_seen as (

    select dates.customer_id, dates.first_seen_date

    from {{ ref('int_customer_feature_dates') }} as dates

    inner join as_of
        on dates.as_of_date = as_of.as_of_date

),

purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

stages as (

    select * from {{ ref('lifecycle_stage') }}

),

second_purchases as (

    -- 90 and 180 days stand in until somebody has bought twice
    select
        coalesce(percentile_cont(0.8) within group (order by gap_days), 90) as dormant_after,
        coalesce(percentile_cont(0.9) within group (order by gap_days), 180) as lost_after

    from purchases

    where purchase_number = 2

),

rhythms as (

    select
        customer_id,
        count(*) as purchase_day_count,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        avg(gap_days) as mean_gap_days

    from purchases

    group by customer_id

),

patience as (

    select
        rhythms.*,
        cast(ceil(second_purchases.dormant_after) as bigint) as first_dormant_after_days,
        cast(
            ceil(greatest(second_purchases.lost_after, second_purchases.dormant_after + 1)) as bigint
        ) as first_lost_after_days,
        cast(ceil(greatest(2 * rhythms.mean_gap_days, 30)) as bigint) as own_dormant_after_days,
        cast(ceil(greatest(3 * rhythms.mean_gap_days, 60)) as bigint) as own_lost_after_days

    from rhythms

    cross join second_purchases

),

returns as (

    -- the last purchase that ended a silence longer than the patience at that point
    select
        purchases.customer_id,
        max(purchases.purchase_number) as return_number

    from purchases

    inner join patience
        on purchases.customer_id = patience.customer_id

    where purchases.gap_days > case
        when purchases.purchase_number = 2 then patience.first_dormant_after_days
        else patience.own_dormant_after_days
    end

    group by purchases.customer_id

),

positions as (

    -- where the customer stood right after the last purchase
    select
        patience.*,
        case
            when purchase_day_count = 1 then first_dormant_after_days else own_dormant_after_days
        end as dormant_after_days,
        case
            when purchase_day_count = 1 then first_lost_after_days else own_lost_after_days
        end as lost_after_days,
        case
            when purchase_day_count >= {{ loyal_purchase_days }} then 'loyal'
            when purchase_day_count >= 2 then 'active'
            else 'new'
        end as bought_stage,
        case
            when purchase_day_count >= {{ loyal_purchase_days }} then {{ loyal_purchase_days }}
            when purchase_day_count >= 2 then 2
            else 1
        end as stage_number,
        coalesce(returns.return_number, 0) as return_number

    from patience

    left join returns
        on patience.customer_id = returns.customer_id

),

entries as (

    -- the purchase with which that stage began: the one that reached it, or the later comeback
    select
        positions.*,
        entry.purchase_date as bought_stage_entered_on,
        case
            when positions.return_number < positions.stage_number then
                case positions.bought_stage when 'loyal' then 'active' when 'active' then 'new' end
            when entry.gap_days > case
                when entry.purchase_number = 2 then positions.first_lost_after_days
                else positions.own_lost_after_days
            end then 'lost'
            else 'dormant'
        end as stage_before_bought

    from positions

    inner join purchases as entry
        on positions.customer_id = entry.customer_id
        and entry.purchase_number = greatest(positions.stage_number, positions.return_number)

),

current_days as (

    select
        first_seen.customer_id,
        as_of.as_of_date,
        first_seen.first_seen_date,
        entries.purchase_day_count,
        entries.first_purchase_date,
        entries.last_purchase_date,
        entries.dormant_after_days,
        entries.lost_after_days,
        entries.bought_stage,
        entries.bought_stage_entered_on,
        entries.stage_before_bought,
        {{ days_between('entries.last_purchase_date', 'as_of.as_of_date') }} as silent_days

    from first_seen

    cross join as_of

    left join entries
        on first_seen.customer_id = entries.customer_id

),

staged as (

    select
        *,
        case
            when purchase_day_count is null then 'prospect'
            when silent_days > lost_after_days then 'lost'
            when silent_days > dormant_after_days then 'dormant'
            else bought_stage
        end as stage

    from current_days

),

explained as (

    select
        customer_id,
        as_of_date,
        stage,
        cast(
            case stage
                when 'prospect' then first_seen_date
                when 'lost' then {{ add_days('last_purchase_date', 'lost_after_days + 1') }}
                when 'dormant' then {{ add_days('last_purchase_date', 'dormant_after_days + 1') }}
                else bought_stage_entered_on
            end as date
        ) as entered_on,
        case
            when stage = 'lost' then 'dormant'
            when stage = 'dormant' then bought_stage
            when stage = 'new' and first_seen_date < first_purchase_date then 'prospect'
            when stage <> 'prospect' then stage_before_bought
        end as previous_stage,
        cast(coalesce(purchase_day_count, 0) as bigint) as purchase_day_count,
        dormant_after_days,
        lost_after_days

    from staged

),

labelled as (

    -- one label per stage
    select
        explained.customer_id,
        explained.as_of_date,
        explained.stage,
        stages.label_zh as label_zh,
        stages.label_en as label_en,
        explained.entered_on,
        explained.previous_stage,
        explained.purchase_day_count,
        explained.dormant_after_days,
        explained.lost_after_days

    from explained

    left join stages
        on explained.stage = stages.stage

)

select * from labelled
