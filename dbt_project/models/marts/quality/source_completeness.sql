with

profiled as (

    select * from {{ ref('int_loads__profiled') }}

),

loads as (

    select * from {{ ref('int_loads__dated') }}

),

shares as (

    -- one load per profile
    select
        profiled.source,
        profiled.feed,
        profiled.column_name,
        profiled.load_number,
        loads.loaded_at,
        cast(profiled.row_count as bigint) as row_count,
        cast(profiled.filled_count as bigint) as filled_count,
        cast(profiled.filled_count as double) / profiled.row_count as filled_share

    from profiled

    inner join loads
        on profiled.load_number = loads.load_number

)

select * from shares
