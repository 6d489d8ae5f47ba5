{{ config(materialized='table', schema='intermediate', contract={'enforced': false}) }}

{#
    The pieces that each customer has not met, in the order of every rule that may be served: what finds readers and the
    customer leans to, what many met lately, what is newest. Today the first of each rule are kept, on earlier days all,
    with whether the customer met them in the 30 days after.
#}
{%- set kept = 3 %}

with

dates as (

    select * from {{ ref('int_recommendation_dates') }}

),

offers as (

    select * from {{ ref('int_content_offers') }}

),

reads as (

    select * from {{ ref('int_content_reads') }}

),

unread as (

    -- one lean per customer and topic; at most one read per customer and piece
    select
        topics.as_of_date,
        topics.customer_id,
        topics.is_graded,
        offers.source,
        offers.content_id,
        offers.category,
        topics.read_count,
        topics.sign_count,
        offers.published_date,
        offers.recent_reader_count,
        offers.expected_readers * topics.lean as appeal,
        coalesce(
            reads.first_read_date > dates.as_of_date and reads.first_read_date <= dates.label_until_date, false
        ) as is_read

    from {{ ref('int_content_topics') }} as topics

    inner join dates
        on topics.as_of_date = dates.as_of_date

    inner join offers
        on topics.as_of_date = offers.as_of_date
        and topics.category = offers.category

    left join reads
        on topics.customer_id = reads.customer_id
        and offers.source = reads.source
        and offers.content_id = reads.content_id

    where reads.first_read_date is null or reads.first_read_date > dates.as_of_date

),

placed as (

    select
        *,
        {{ rounded('appeal / sum(appeal) over same_customer', 6) }} as score,
        row_number() over (
            partition by as_of_date, customer_id order by appeal desc, published_date desc, source, content_id
        ) as appeal_place,
        row_number() over (
            partition by as_of_date, customer_id
            order by recent_reader_count desc, published_date desc, source, content_id
        ) as popularity_place,
        row_number() over (
            partition by as_of_date, customer_id
            order by published_date desc, recent_reader_count desc, source, content_id
        ) as newest_place

    from unread

    window same_customer as (partition by as_of_date, customer_id)

)

select *

from placed

where is_graded or least(appeal_place, popularity_place, newest_place) <= {{ kept }}
