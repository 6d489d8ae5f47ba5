-- A failing row is a feed whose landed rows are not all staged, counted as duplicates or quarantined (or
-- of which no staging model judged a row): rows were lost or counted twice on the way.

select *

from {{ ref('source_row_balance') }}

where raw_rows <> staged_rows + duplicate_rows + rejected_rows
