with

departments as (

    select * from {{ source('analysis', 'customer_department_interest') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        department,
        label_zh,
        label_en,
        cast(strength as double) as strength,
        cast(evidence_count as bigint) as evidence_count,
        run_id

    from departments

)

select * from typed
