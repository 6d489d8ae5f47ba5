with

standard_campaigns as (

    select * from {{ staged('standard', 'campaigns') }}

),

unioned as (

    select
        'standard' as source,
        campaign_id,
        campaign_name,
        campaign_type,
        channel,
        starts_on,
        ends_on

    from standard_campaigns

)

select * from unioned
