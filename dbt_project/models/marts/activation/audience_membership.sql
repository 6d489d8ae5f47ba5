with

members as (

    select * from {{ source('analysis', 'audience_member') }}

),

events as (

    select * from {{ ref('audience_event') }}

),

entries as (

    select
        events.audience_code,
        events.customer_id,
        events.since_date,
        row_number() over (
            partition by events.audience_code, events.customer_id
            order by events.as_of_date desc
        ) as entry_rank

    from events

    inner join {{ ref('int_run__as_of') }} as as_of
        on as_of.as_of_date >= events.as_of_date

    where events.event = 'entered'

),

dated as (

    -- at most one last entry per member
    select
        members.audience_code,
        members.customer_id,
        cast(members.as_of_date as date) as as_of_date,
        coalesce(entries.since_date, cast(members.as_of_date as date)) as entered_on,
        members.reason_zh,
        members.reason_en

    from members

    left join entries
        on members.audience_code = entries.audience_code
        and members.customer_id = entries.customer_id
        and entries.entry_rank = 1

)

select * from dated
