{{ kept_except('int_facts__refreshed', ['_file_id', '_row_number']) }}
{{ config(on_schema_change='fail') }}

with

campaign_touches as (

    select *

    from {{ ref('int_campaign_touches__unioned') }}

    where {{ only_changed('int_facts__refreshed', ['_file_id', '_row_number']) }}

),

campaigns as (

    select * from {{ ref('campaigns') }}

),

records as (

    select * from {{ ref('int_records__resolved') }}

),

resolved as (

    -- many touches to one campaign and one record
    select
        campaign_touches.source,
        campaign_touches.campaign_id,
        records.customer_id,
        campaign_touches.source_customer_id,
        coalesce(campaign_touches.channel, campaigns.channel) as channel,
        campaign_touches.touch_type,
        campaign_touches.touch_id,
        campaign_touches.arm,
        campaign_touches.delivery_status,
        campaign_touches.failure_reason,
        campaign_touches.coupon_id,
        campaign_touches.touched_at,
        {{ business_date('campaign_touches.touched_at') }} as touch_date,

        ---------- landing
        campaign_touches._file_id,
        campaign_touches._row_number

    from campaign_touches

    left join campaigns
        on campaign_touches.source = campaigns.source
        and campaign_touches.campaign_id = campaigns.campaign_id

    left join records
        on campaign_touches.source = records.source
        and campaign_touches.source_customer_id = records.source_customer_id

)

select * from resolved
