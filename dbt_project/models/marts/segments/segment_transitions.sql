with

cut_points as (

    select * from {{ ref('int_segment_cut_points') }} where status = 'live'

),

history as (

    select * from {{ ref('segment_history') }}

),

snapshots as (

    select
        as_of_date as to_date,
        lag(as_of_date) over (order by as_of_date) as from_date

    from cut_points

),

paths as (

    -- people who move alike are one row here, so that the kinds are taken apart on few rows
    select
        snapshots.from_date,
        snapshots.to_date,
        {%- for kind in segment_kinds() %}
        coalesce(earlier.{{ kind }}, '(new)') as from_{{ kind }},
        later.{{ kind }} as to_{{ kind }},
        {%- endfor %}
        count(*) as customer_count

    from snapshots

    inner join history as later
        on snapshots.to_date = later.as_of_date

    -- one row per customer and snapshot
    left join history as earlier
        on later.customer_id = earlier.customer_id
        and snapshots.from_date = earlier.as_of_date

    where snapshots.from_date is not null

    group by all

),

transitions as (
    {% for kind in segment_kinds() %}
    select
        '{{ kind }}' as kind,
        from_date,
        to_date,
        from_{{ kind }} as from_segment,
        to_{{ kind }} as to_segment,
        cast(sum(customer_count) as bigint) as customer_count

    from paths

    group by 1, 2, 3, 4, 5
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from transitions
