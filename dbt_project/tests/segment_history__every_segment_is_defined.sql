-- A failing row is a segment that somebody is in and that segment_label does not know: add its row, with names and rule.

with

combinations as (

    select distinct {{ segment_kinds() | join(', ') }} from {{ ref('segment_history') }}

),

segments as (
    {% for kind in segment_kinds() %}
    select '{{ kind }}' as kind, {{ kind }} as segment from combinations
    {{ 'union' if not loop.last }}
    {% endfor %}
)

select segments.*

from segments

left join {{ ref('segment_label') }} as labels
    on segments.kind = labels.kind
    and segments.segment = labels.code

where labels.code is null
