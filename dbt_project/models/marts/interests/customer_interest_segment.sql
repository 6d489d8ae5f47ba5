with

segments as (

    select * from {{ source('analysis', 'customer_interest_segment') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        interest_segment,
        label_zh,
        label_en,
        cast(strength as double) as strength,
        cast(evidence_count as bigint) as evidence_count,
        run_id

    from segments

)

select * from typed
