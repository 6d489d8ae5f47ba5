{{ kept_per_day('suppressed') }}

{#
    What goes out, who is left alone to measure it, and why everybody else gets nothing. Of several messages for one
    customer triggers go first, then audiences, then next actions, each by priority. Whoever is in the holdout of the
    first gets no other message instead.
#}

with

candidates as (

    select * from {{ ref('int_activation_candidates') }}

),

reach as (

    select * from {{ ref('int_activation_reach') }}

),

{{ earlier_messages() }},

counted as (

    -- at most one reach per channel, one pause per campaign and one count per customer and channel
    select
        candidates.*,
        reach.most_per_7_days,
        reach.quiet_from_hour,
        reach.quiet_until_hour,
        case
            when candidates.sent_on_channel is null then 'no_channel'
            when reach.is_control then 'control_group'
            when reach.is_under_age then 'under_age'
            when reach.suppressed_by is not null then 'suppressed_by_' || reach.suppressed_by
            when not reach.is_reachable then 'unreachable'
            when not reach.has_consent then 'no_consent'
            when campaign_messages.last_date > {{ add_days(this_day(), '1 - candidates.every_days') }} then 'pause'
            when
                channel_messages.count_7d >= reach.most_per_7_days
                or channel_messages.count_30d >= reach.most_per_30_days
                or all_messages.count_7d >= reach.most_of_all_per_7_days
                or all_messages.count_30d >= reach.most_of_all_per_30_days
            then 'frequency_cap'
        end as obstacle

    from candidates

    left join reach
        on candidates.customer_id = reach.customer_id
        and candidates.sent_on_channel = reach.channel

    left join campaign_messages
        on candidates.customer_id = campaign_messages.customer_id
        and candidates.campaign_id = campaign_messages.campaign_id

    left join channel_messages
        on candidates.customer_id = channel_messages.customer_id
        and candidates.sent_on_channel = channel_messages.channel

    left join all_messages
        on candidates.customer_id = all_messages.customer_id

),

ranked as (

    -- a play that was played within its pause is not due, which is no reason to note
    select
        *,
        row_number() over (
            partition by customer_id, obstacle is null
            order by kind_rank, priority, campaign_id
        ) as message_rank

    from counted

    where not (kind = 'next_action' and coalesce(obstacle, '') = 'pause')

),

limited as (

    select
        *,
        row_number() over (
            partition by campaign_id, obstacle is null and message_rank = 1
            order by {{ hash_share("'limit:' || campaign_id || ':' || customer_id") }}, customer_id
        ) as campaign_rank

    from ranked

),

decided as (

    select
        *,
        case
            when obstacle is not null then obstacle
            when message_rank > 1 then 'outranked'
            when campaign_rank > most_per_day then 'campaign_limit'
        end as suppressed_because,
        {{ hash_share("'arm:' || campaign_id || ':' || customer_id") }} < holdout_share as is_held_out,
        {{ add_days(this_day(), 1) }} as send_on,
        coalesce(best_hour, 10) as wished_hour

    from limited

),

planned as (

    select
        {{ this_day() }} as as_of_date,
        customer_id,
        campaign_id,
        kind,
        kind_code,
        sent_on_channel as channel,
        offer_code,
        offer_zh,
        offer_en,
        priority,
        case
            when suppressed_because is not null then 'suppressed'
            when is_held_out then 'held_out'
            else 'queued'
        end as status,
        suppressed_because,
        case when suppressed_because is null then case when is_held_out then 'holdout' else 'treatment' end end as arm,
        case when suppressed_because is null then send_on end as send_on,
        case
            when suppressed_because is null then {{ allowed_hour('wished_hour', 'quiet_from_hour', 'quiet_until_hour') }}
        end as send_hour,
        reason_zh,
        reason_en

    from decided

)

select planned.*, as_of.run_id

from planned

cross join {{ ref('int_run__as_of') }} as as_of

where planned.as_of_date >= {{ last_remembered_day() }}
