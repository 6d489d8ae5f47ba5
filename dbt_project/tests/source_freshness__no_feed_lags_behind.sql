{{ config(severity='warn') }}

-- A failing row is a feed whose newest row is older than its landing contract allows (fresh_within_days), counted to
-- the day that is computed: its export has stopped, or came without its newest rows.

select *

from {{ ref('source_freshness') }}

where lag_days > fresh_within_days
