-- A failing row is a week and a sum (of a category, of a segment or of everything) that the pairs below it do not add up
-- to, to the digit.

with

pairs as (

    select * from {{ ref('segment_demand_forecast') }} where level = 'pair'

),

added as (
    {% for level, segment, category in [
        ('category', "'all'", 'category'), ('segment', 'segment', "'all'"), ('total', "'all'", "'all'"),
    ] %}
    select
        '{{ level }}' as level,
        {{ segment }} as segment,
        {{ category }} as category,
        week,
        sum(quantity) as quantity

    from pairs

    group by 1, 2, 3, 4
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    coalesce(added.level, stated.level) as level,
    coalesce(added.segment, stated.segment) as segment,
    coalesce(added.category, stated.category) as category,
    coalesce(added.week, stated.week) as week,
    added.quantity as added_quantity,
    stated.quantity as stated_quantity

from added

full outer join (select * from {{ ref('segment_demand_forecast') }} where level <> 'pair') as stated
    on added.level = stated.level
    and added.segment = stated.segment
    and added.category = stated.category
    and added.week = stated.week

where added.quantity is distinct from stated.quantity
