{{ config(severity='warn') }}

-- a text that nobody mapped is work for whoever edits the seed, not a fault of the data: it is kept and counted
select
    vocabulary,
    source,
    count(*) as text_count,
    sum(row_count) as row_count

from {{ ref('int_vocabularies__unmapped') }}

group by vocabulary, source
