-- A failing row is a segment whose members on a date are not those who moved into it from the snapshot before, or not
-- those who moved out of it to the next one: somebody was lost or counted twice on the way.

with

combinations as (

    -- people who are in the same segments of all kinds are one row
    select
        as_of_date,
        {{ segment_kinds() | join(',\n        ') }},
        count(*) as customer_count

    from {{ ref('segment_history') }}

    group by all

),

snapshots as (

    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as date_before,
        lead(as_of_date) over (order by as_of_date) as date_after

    from (select distinct as_of_date from combinations) as dates

),

members as (
    {% for kind in segment_kinds() %}
    select
        '{{ kind }}' as kind,
        as_of_date,
        {{ kind }} as segment,
        sum(customer_count) as customer_count

    from combinations

    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

expected as (
    {% for direction, neighbour in [('in', 'date_before'), ('out', 'date_after')] %}
    select
        members.kind,
        members.as_of_date,
        members.segment,
        '{{ direction }}' as direction,
        members.customer_count

    from members

    inner join snapshots
        on members.as_of_date = snapshots.as_of_date

    where snapshots.{{ neighbour }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

moved as (
    {% for direction, date, segment in [('in', 'to_date', 'to_segment'), ('out', 'from_date', 'from_segment')] %}
    select
        kind,
        {{ date }} as as_of_date,
        {{ segment }} as segment,
        '{{ direction }}' as direction,
        sum(customer_count) as customer_count

    from {{ ref('segment_transitions') }}

    where {{ segment }} <> '(new)'

    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    coalesce(expected.kind, moved.kind) as kind,
    coalesce(expected.as_of_date, moved.as_of_date) as as_of_date,
    coalesce(expected.segment, moved.segment) as segment,
    coalesce(expected.direction, moved.direction) as direction,
    expected.customer_count as member_count,
    moved.customer_count as moved_count

from expected

full outer join moved
    on expected.kind = moved.kind
    and expected.as_of_date = moved.as_of_date
    and expected.segment = moved.segment
    and expected.direction = moved.direction

where expected.customer_count is distinct from moved.customer_count
