with

unmapped as (

    select * from {{ ref('int_vocabularies__unmapped') }}

),

counted as (

    select
        vocabulary,
        source,
        cast(count(*) as bigint) as text_count,
        cast(sum(row_count) as bigint) as row_count

    from unmapped

    group by vocabulary, source

)

select * from counted
