with

definitions as (

    select * from {{ source('analysis', 'audience_definition') }}

),

typed as (

    select
        audience_code,
        label_zh,
        label_en,
        description_zh,
        description_en,
        owner,
        rule,
        logic,
        suppresses,
        campaign_id,
        channel,
        offer_code,
        offer_zh,
        offer_en,
        cast(priority as integer) as priority,
        cast(holdout_share as double) as holdout_share,
        cast(every_days as integer) as every_days,
        cast(most_per_day as bigint) as most_per_day,
        cast(starts_on as date) as starts_on,
        cast(ends_on as date) as ends_on,
        cast(member_count as bigint) as member_count,
        cast(as_of_date as date) as as_of_date

    from definitions

)

select * from typed
