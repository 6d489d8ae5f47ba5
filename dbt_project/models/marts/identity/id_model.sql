with

id_model as (

    select * from {{ source('identity', 'id_model') }}

),

publishable as (

    select
        comparison,
        level,
        cast(m_probability as double) as m_probability,
        cast(u_probability as double) as u_probability,
        cast(match_weight as double) as match_weight,
        note

    from id_model

)

select * from publishable
