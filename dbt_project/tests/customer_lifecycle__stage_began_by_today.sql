-- A failing row is a customer whose stage begins after the run's date, or who moved from a stage to itself:
-- the thresholds and the dates derived from them contradict each other.

select *

from {{ ref('customer_lifecycle') }}

where
    entered_on > as_of_date
    or previous_stage = stage
