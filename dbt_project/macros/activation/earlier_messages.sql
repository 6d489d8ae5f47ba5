{#
    CTEs that count what customers were sent before this day: by this queue (those it left alone count for the pause of
    their campaign, so that both arms pause alike), and by whoever else wrote to them, as campaign_touches tell. A message
    of the queue that came back as a touch counts once. Ids that were merged since count for the survivor.
#}
{% macro earlier_messages() -%}
{%- set text = dbt.type_string() -%}
remembered_messages as (

    {{ remembered({
        'customer_id': text, 'campaign_id': text, 'channel': text, 'status': text, 'as_of_date': 'date',
        'send_on': 'date',
    }) }}

),

queued_messages as (

    -- at most one redirect per id
    select
        coalesce(redirects.current_customer_id, messages.customer_id) as customer_id,
        messages.campaign_id,
        messages.channel,
        messages.status,
        messages.send_on

    from remembered_messages as messages

    left join {{ ref('customer_redirect') }} as redirects
        on messages.customer_id = redirects.customer_id

    where messages.status in ('queued', 'held_out')

),

touched_messages as (

    select distinct touches.customer_id, touches.campaign_id, touches.channel, touches.touch_date

    from {{ ref('campaign_touches') }} as touches

    left join queued_messages
        on touches.customer_id = queued_messages.customer_id
        and touches.campaign_id = queued_messages.campaign_id
        and queued_messages.send_on between {{ add_days('touches.touch_date', -3) }}
        and {{ add_days('touches.touch_date', 3) }}

    where
        touches.touch_type = 'sent'
        and touches.touch_date > {{ add_days(this_day(), -365) }}
        and touches.touch_date <= {{ this_day() }}
        and touches.customer_id is not null
        and queued_messages.customer_id is null

),

earlier_messages as (

    select customer_id, campaign_id, channel, status = 'queued' as is_sent, send_on as message_date from queued_messages

    union all

    select customer_id, campaign_id, channel, true as is_sent, touch_date as message_date from touched_messages

),

campaign_messages as (

    select customer_id, campaign_id, max(message_date) as last_date

    from earlier_messages

    group by customer_id, campaign_id

),

channel_messages as (

    -- the message that is decided goes out tomorrow, so seven days with it begin six days before tomorrow
    select
        customer_id,
        channel,
        sum(case when message_date > {{ add_days(this_day(), -6) }} then 1 else 0 end) as count_7d,
        count(*) as count_30d

    from earlier_messages

    where is_sent and message_date > {{ add_days(this_day(), -29) }}

    group by customer_id, channel

),

all_messages as (

    select customer_id, sum(count_7d) as count_7d, sum(count_30d) as count_30d

    from channel_messages

    group by customer_id

)
{%- endmacro %}
