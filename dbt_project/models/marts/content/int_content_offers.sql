{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The pieces that can be shown on each date, and how many new readers each can expect in the week after it: what pieces
    of its age found on average, times how much better it did so far than they, drawn towards 1 by prior_readers.
#}
{%- set prior_readers = 20 %}

with

weeks as (

    select * from {{ ref('int_content_weeks') }}

),

life as (

    select
        as_of_date,
        week,
        cast(sum(reader_count) + 1 as double) / (sum(week_count) + 1) as readers_per_week

    from weeks

    group by as_of_date, week

),

offers as (

    -- every piece has one running week
    select
        weeks.as_of_date,
        weeks.source,
        weeks.content_id,
        weeks.category,
        weeks.published_date,
        sum(weeks.recent_reader_count) as recent_reader_count,
        {%- set expected_readers %}
            max(case when weeks.is_running then life.readers_per_week end)
            * (sum(weeks.reader_count) + {{ prior_readers }})
            / (sum(weeks.week_count * life.readers_per_week) + {{ prior_readers }})
        {%- endset %}
        {{ rounded(expected_readers, 6) }} as expected_readers

    from weeks

    inner join life
        on weeks.as_of_date = life.as_of_date
        and weeks.week = life.week

    where weeks.is_on_offer

    group by weeks.as_of_date, weeks.source, weeks.content_id, weeks.category, weeks.published_date

)

select * from offers
