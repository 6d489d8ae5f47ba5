with

channels as (

    select * from {{ ref('channel') }}

),

publishable as (

    select
        code as channel,
        name_zh,
        name_en

    from channels

)

select * from publishable
