with

statements as (

    select * from {{ ref('int_customer_statements') }}

),

published as (

    -- a date of birth and a name with it would name a person; the year does not
    select
        customer_id,
        attribute,
        record_key,
        source,
        case when attribute = 'birth_date' then left(value, 4) else value end as value,
        stated_at,
        cast(support_count as integer) as support_count,
        preference = 1 as survives,
        lost_by

    from statements

)

select * from published
