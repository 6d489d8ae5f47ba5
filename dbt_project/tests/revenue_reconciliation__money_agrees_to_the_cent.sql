-- A failing row is a channel and month in which the files, the order facts and the customer profiles do not
-- tell the same amount: money was lost, doubled or misread between them.

select *

from {{ ref('revenue_reconciliation') }}

where diff <> 0
