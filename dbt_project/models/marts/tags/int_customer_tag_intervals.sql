{{ kept_per_tag_interval() }}

with

changes as (

    select * from {{ ref('int_customer_tag_changes') }} where {{ only_changed_tag_intervals() }}

),

intervals as (

    -- changes of one tag alternate, so the one after an opening closes it
    select
        customer_id,
        tag_code,
        is_held,
        as_of_date as valid_from,
        lead(as_of_date) over (partition by customer_id, tag_code order by as_of_date) as valid_to,
        evidence

    from changes

),

held as (

    select customer_id, tag_code, valid_from, valid_to, evidence from intervals where is_held

)

select * from held
