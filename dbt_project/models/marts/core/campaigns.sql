with

campaigns as (

    select * from {{ ref('int_campaigns__unioned') }}

),

named as (

    select
        source,
        campaign_id,
        campaign_name,
        campaign_type,
        channel,
        starts_on,
        ends_on,
        budget_amount,
        holdout_share,
        window_days

    from campaigns

)

select * from named
