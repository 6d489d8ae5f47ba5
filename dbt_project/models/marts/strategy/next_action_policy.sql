with

policies as (

    select * from {{ source('analysis', 'next_action_policy') }}

),

typed as (

    select
        policy,
        cast(as_of_date as date) as as_of_date,
        cast(value as decimal(18, 4)) as value,
        cast(ci_low as decimal(18, 4)) as ci_low,
        cast(ci_high as decimal(18, 4)) as ci_high,
        cast(gain_over_rules as decimal(18, 4)) as gain_over_rules,
        cast(gain_low as decimal(18, 4)) as gain_low,
        cast(gain_high as decimal(18, 4)) as gain_high,
        is_served,
        cast(n as bigint) as n,
        policy_version

    from policies

)

select * from typed
