{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    How much each customer leans towards a topic as of each date: the chance that the next piece they open is about it,
    over that of everybody. Own reads count in full, what they look at and buy of the topic's goods together as
    prior_signs reads, everybody's reads as prior_reads.
#}
{%- set days, prior_signs, prior_reads = 365, 5, 5 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

reads as (

    -- at most one piece per source and content_id
    select reads.*, coalesce(contents.category, 'other') as category

    from {{ ref('int_content_reads') }} as reads

    inner join {{ ref('contents') }} as contents
        on reads.source = contents.source
        and reads.content_id = contents.content_id

),

topics as (

    select distinct as_of_date, category from {{ ref('int_content_offers') }}

),

people as (

    select * from {{ ref('int_content_people') }}

),

counted as (

    select dates.as_of_date, reads.customer_id, reads.category, 1 as read_count, 0 as sign_count

    from reads

    inner join dates
        on reads.first_read_date <= dates.as_of_date
        and reads.first_read_date > {{ add_days('dates.as_of_date', -days) }}

    union all

    select people.as_of_date, people.customer_id, signs.category, 0 as read_count, signs.sign_count

    from people

    inner join {{ ref('int_customer_category_signs') }} as signs
        on people.customer_id = signs.customer_id
        and signs.month <= people.as_of_date
        and signs.month > {{ add_days('people.as_of_date', -days) }}

    where signs.category is not null

),

summed as (

    select
        as_of_date,
        customer_id,
        category,
        sum(read_count) as read_count,
        sum(sign_count) as sign_count,
        sum(sum(read_count)) over (partition by as_of_date, customer_id) as all_reads,
        sum(sum(sign_count)) over (partition by as_of_date, customer_id) as all_signs

    from counted

    group by as_of_date, customer_id, category

),

whole as (

    select distinct as_of_date, customer_id, all_reads, all_signs from summed

),

of_everybody as (

    select
        topics.as_of_date,
        topics.category,
        cast(coalesce(sum(summed.read_count), 0) + 1 as double)
        / sum(coalesce(sum(summed.read_count), 0) + 1) over (partition by topics.as_of_date) as share

    from topics

    left join summed
        on topics.as_of_date = summed.as_of_date
        and topics.category = summed.category

    group by topics.as_of_date, topics.category

),

leaning as (

    -- at most one sum per customer and topic, one of all their topics
    select
        people.as_of_date,
        people.customer_id,
        people.is_graded,
        of_everybody.category,
        coalesce(summed.read_count, 0) as read_count,
        coalesce(summed.sign_count, 0) as sign_count,
        {%- set lean %}
            (
                coalesce(summed.read_count, 0)
                + coalesce({{ prior_signs }} * cast(summed.sign_count as double) / nullif(summed.all_signs, 0), 0)
                + {{ prior_reads }} * of_everybody.share
            )
            / (
                coalesce(whole.all_reads, 0)
                + case when whole.all_signs > 0 then {{ prior_signs }} else 0 end
                + {{ prior_reads }}
            )
            / of_everybody.share
        {%- endset %}
        {{ rounded(lean, 6) }} as lean

    from people

    inner join of_everybody
        on people.as_of_date = of_everybody.as_of_date

    left join summed
        on people.as_of_date = summed.as_of_date
        and people.customer_id = summed.customer_id
        and of_everybody.category = summed.category

    left join whole
        on people.as_of_date = whole.as_of_date
        and people.customer_id = whole.customer_id

)

select * from leaning
