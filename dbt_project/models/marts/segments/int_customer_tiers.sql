{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

windows as (

    select windows.*

    from {{ ref('int_customer_windows') }} as windows

    inner join as_of
        on windows.as_of_date = as_of.as_of_date

),

cut_points as (

    select
        percentile_cont(0.8) within group (order by cast(net_amount_365d as double)) as high_spend,
        percentile_cont(0.5) within group (order by cast(net_amount_365d as double)) as medium_spend

    from windows

    where net_amount_365d > 0

),

quiet as (

    select
        customer_id,
        net_amount_365d,
        {{ days_between('last_interaction_date', 'as_of_date') }} as quiet_days

    from windows

),

tiered as (

    -- equal spend gets an equal tier
    select
        quiet.customer_id,
        case
            when quiet.quiet_days < 30 then 'high'
            when quiet.quiet_days < 90 then 'medium'
            when quiet.quiet_days < 180 then 'low'
            else 'none'
        end as activity_tier,
        case
            when quiet.net_amount_365d <= 0 then 'none'
            when quiet.net_amount_365d >= cut_points.high_spend then 'high'
            when quiet.net_amount_365d >= cut_points.medium_spend then 'medium'
            else 'low'
        end as value_tier,
        coalesce(quiet.quiet_days >= 180, true) as is_dormant

    from quiet

    cross join cut_points

)

select * from tiered
