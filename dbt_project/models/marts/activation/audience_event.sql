{{ kept_per_day() }}

{#
    Who entered and left which audience, day by day. Ids that were merged or split since carry their membership over:
    that is an event of its own kind, so that nobody is taken for new who is not.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

members as (

    select * from {{ source('analysis', 'audience_member') }}

),

{{ former_members() }},

splits as (

    -- a new id and the one that it was split from
    select related_customer_id as customer_id, min(customer_id) as former_customer_id

    from {{ ref('id_history') }}

    where event = 'split'

    group by related_customer_id

),

carried as (

    -- a survivor has been in since the first of those who became it was
    select
        audience_code,
        current_customer_id as customer_id,
        min(since_date) as since_date,
        bool_or(customer_id = current_customer_id) as was_in_itself,
        min(customer_id) as former_customer_id

    from former

    where current_customer_id is not null

    group by audience_code, current_customer_id

),

events as (

    -- at most one carried row, one split and one former membership of its parent per member
    select
        members.audience_code,
        members.customer_id,
        'entered' as event,
        case
            when carried.customer_id is not null then 'merged'
            when parents.customer_id is not null then 'split'
            else 'rule'
        end as cause,
        coalesce(carried.since_date, parents.since_date, members.as_of_date) as since_date,
        coalesce(carried.former_customer_id, parents.customer_id) as related_customer_id

    from members

    left join carried
        on members.audience_code = carried.audience_code
        and members.customer_id = carried.customer_id

    left join splits
        on members.customer_id = splits.customer_id

    left join former as parents
        on members.audience_code = parents.audience_code
        and splits.former_customer_id = parents.customer_id

    where not coalesce(carried.was_in_itself, false)

    union all

    -- an id that lives no more has no row of its own
    select
        former.audience_code,
        former.customer_id,
        'exited' as event,
        case
            when former.current_customer_id is null then 'vanished'
            when former.current_customer_id <> former.customer_id then 'merged'
            else 'rule'
        end as cause,
        former.since_date,
        nullif(former.current_customer_id, former.customer_id) as related_customer_id

    from former

    left join members
        on former.audience_code = members.audience_code
        and former.customer_id = members.customer_id

    where members.customer_id is null

)

select
    events.audience_code,
    events.customer_id,
    as_of.as_of_date,
    events.event,
    events.cause,
    cast(events.since_date as date) as since_date,
    events.related_customer_id,
    as_of.run_id

from events

cross join as_of

where as_of.as_of_date >= {{ last_remembered_day() }}
