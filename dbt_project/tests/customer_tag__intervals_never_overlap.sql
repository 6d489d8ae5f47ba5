-- an interval ends before the next one of the same tag begins, and after it began itself
with

intervals as (

    select
        customer_id,
        tag_code,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by customer_id, tag_code order by valid_from) as next_valid_from

    from {{ ref('customer_tag') }}

)

select *

from intervals

where
    valid_to <= valid_from
    or (next_valid_from is not null and (valid_to is null or valid_to >= next_valid_from))
