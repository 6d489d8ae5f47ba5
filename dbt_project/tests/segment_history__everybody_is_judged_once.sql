-- A failing row is a snapshot in which somebody of customer_features has no segments, or has them twice. Counting tells
-- at a fifth of the cost of looking for repeated keys; a pair of errors that add up to nothing is found by
-- segment_transitions__flows_balance, for whoever stands in a snapshot twice is moved twice.

with

seen as (

    select as_of_date, count(*) as customer_count from {{ ref('customer_features') }} group by as_of_date

),

judged as (

    select as_of_date, count(*) as customer_count from {{ ref('segment_history') }} group by as_of_date

)

select
    coalesce(seen.as_of_date, judged.as_of_date) as as_of_date,
    seen.customer_count as seen_count,
    judged.customer_count as judged_count

from seen

full outer join judged
    on seen.as_of_date = judged.as_of_date

where seen.customer_count is distinct from judged.customer_count
