with

run as (

    select * from {{ ref('int_run__as_of') }}

),

earlier_runs as (

    select * from {{ source('ops', 'evidence_horizon') }}

),

latest as (

    select max(until_at) as until_at from earlier_runs

),

evidence_until as (

    -- one row on both sides; computing an old day again does not undo what later evidence has joined
    select
        case when latest.until_at > run.as_of_end_at then latest.until_at else run.as_of_end_at end
            as until_at

    from run

    cross join latest

)

select * from evidence_until
