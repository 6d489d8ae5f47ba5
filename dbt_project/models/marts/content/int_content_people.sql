{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    Whom content is recommended to: everybody on the run's day, where there is anything to show; on the days that are
    judged, at most sample_size of those who opened something in the 30 days after, picked by a hash of the id.
#}
{%- set sample_size = 3000 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

readers_after as (

    select
        dates.as_of_date,
        reads.customer_id,
        row_number() over (
            partition by dates.as_of_date order by {{ sha256_hex('reads.customer_id') }}, reads.customer_id
        ) as place

    from {{ ref('int_content_reads') }} as reads

    inner join dates
        on dates.is_graded
        and reads.first_read_date > dates.as_of_date
        and reads.first_read_date <= dates.label_until_date

    group by dates.as_of_date, reads.customer_id

),

people as (

    select people.as_of_date, people.customer_id, false as is_graded

    from {{ ref('int_recommendation_people') }} as people

    where not people.is_graded and exists (select 1 from {{ ref('contents') }})

    union all

    select as_of_date, customer_id, true as is_graded from readers_after where place <= {{ sample_size }}

)

select * from people
