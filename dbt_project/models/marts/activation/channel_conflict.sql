{#
    One customer gets one message a day, so neither two exports of a run nor a holdout and an export may name the same
    person. Tags need no look: every export takes them from the one customer_tag.
#}

with

planned as (

    select queue.*

    from {{ ref('activation_queue') }} as queue

    inner join {{ ref('int_run__as_of') }} as as_of
        on queue.as_of_date = as_of.as_of_date

    where queue.status in ('queued', 'held_out')

),

conflicts as (

    select
        as_of_date,
        customer_id,
        count(*) as message_count,
        {{ ordered_list('channel') }} as channels,
        {{ ordered_list('offer_code') }} as offers

    from planned

    group by as_of_date, customer_id

    having count(*) > 1

)

select * from conflicts
