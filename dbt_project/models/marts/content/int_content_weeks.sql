{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{# What each piece of content that was out by a date found in each week of its life; all weeks from the oldest on are one. #}
{%- set offered_days, popular_days, oldest_week = 60, 30, 8 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

contents as (

    select * from {{ ref('contents') }}

),

pieces as (

    select
        dates.as_of_date,
        contents.source,
        contents.content_id,
        coalesce(contents.category, 'other') as category,
        contents.content_type,
        contents.published_date,
        contents.published_date > {{ add_days('dates.as_of_date', -offered_days) }}
        and coalesce(contents.withdrawn_date > dates.as_of_date, true) as is_on_offer,
        {{ week_of_life('contents.published_date', 'dates.as_of_date') }} as age_weeks

    from contents

    inner join dates
        on contents.published_date <= dates.as_of_date

),

read_weeks as (

    select
        pieces.as_of_date,
        pieces.source,
        pieces.content_id,
        {{ week_of_life('pieces.published_date', 'reads.first_read_date', oldest_week) }} as week,
        count(*) as reader_count,
        count(case when reads.first_read_date > {{ add_days('pieces.as_of_date', -popular_days) }} then 1 end)
            as recent_reader_count

    from pieces

    inner join {{ ref('int_content_reads') }} as reads
        on pieces.source = reads.source
        and pieces.content_id = reads.content_id
        and reads.first_read_date <= pieces.as_of_date

    group by 1, 2, 3, 4

),

weeks as (

    select cast(week as integer) as week

    from (
        values {% for week in range(oldest_week + 1) %}({{ week }}){{ ', ' if not loop.last }}{% endfor %}
    ) as numbers (week)

),

lived as (

    -- what is running does not count as a week yet
    select
        pieces.*,
        weeks.week,
        weeks.week = least(pieces.age_weeks, {{ oldest_week }}) as is_running,
        greatest(
            case when weeks.week = {{ oldest_week }} then pieces.age_weeks - {{ oldest_week }} else 1 end,
            0
        ) * case when weeks.week < pieces.age_weeks then 1 else 0 end as week_count,
        case when weeks.week < pieces.age_weeks then coalesce(read_weeks.reader_count, 0) else 0 end as reader_count,
        coalesce(read_weeks.recent_reader_count, 0) as recent_reader_count

    from pieces

    inner join weeks
        on pieces.age_weeks >= weeks.week

    left join read_weeks
        on pieces.as_of_date = read_weeks.as_of_date
        and pieces.source = read_weeks.source
        and pieces.content_id = read_weeks.content_id
        and weeks.week = read_weeks.week

)

select * from lived
