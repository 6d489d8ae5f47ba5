with

customers as (

    select customer_id, as_of_date from {{ ref('int_contact__reachable') }}

),

channels as (

    select * from {{ ref('int_contact__best_channels') }}

),

hours as (

    select * from {{ ref('int_contact__best_hours') }}

),

joined as (

    -- at most one row per customer on both sides
    select
        customers.customer_id,
        customers.as_of_date,
        channels.channel as best_channel,
        {{ rounded('channels.response_rate', 6) }} as best_channel_response_rate,
        cast(channels.sent_count as bigint) as channel_sent_count,
        cast(channels.click_count as bigint) as channel_click_count,
        {{ rounded('channels.confidence', 4) }} as channel_confidence,
        channels.served_by as channel_served_by,
        hours.hour as best_hour,
        {{ rounded('hours.hour_share', 6) }} as best_hour_share,
        cast(hours.act_count as bigint) as hour_act_count,
        {{ rounded('hours.confidence', 4) }} as hour_confidence,
        hours.served_by as hour_served_by

    from customers

    left join channels
        on customers.customer_id = channels.customer_id

    left join hours
        on customers.customer_id = hours.customer_id

)

select * from joined
