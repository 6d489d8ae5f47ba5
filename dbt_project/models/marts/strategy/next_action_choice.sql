with

choices as (

    select * from {{ source('analysis', 'next_action_choice') }}

),

typed as (

    select
        lifecycle_stage,
        rfm_group,
        cast(as_of_date as date) as as_of_date,
        rule_play_code,
        play_code,
        chosen_by,
        cast(expected_value as decimal(18, 2)) as expected_value,
        cast(value_low as decimal(18, 2)) as value_low,
        cast(value_high as decimal(18, 2)) as value_high,
        cast(trial_count as bigint) as trial_count,
        policy_version

    from choices

)

select * from typed
