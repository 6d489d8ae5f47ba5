with

interests as (

    select * from {{ source('analysis', 'customer_interest') }}

),

typed as (

    select
        customer_id,
        cast(as_of_date as date) as as_of_date,
        cast(rank as integer) as rank,
        interest,
        label_zh,
        label_en,
        cast(strength as double) as strength,
        cast(evidence_count as bigint) as evidence_count,
        cast(is_collaborative as boolean) as is_collaborative,
        run_id

    from interests

)

select * from typed
