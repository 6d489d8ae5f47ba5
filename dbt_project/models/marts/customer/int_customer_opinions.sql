{{ kept_per_customer() }}

{#
    What the stars and words of a customer's reviews say until as_of_date. An aspect that a review names shares its
    stars: 1 star is -1, 5 stars are 1, and 3 say nothing either way.
#}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

aspects as (

    select * from {{ ref('review_aspect') }}

),

reviews as (

    select
        reviews.customer_id,
        reviews.source,
        reviews.review_id,
        (reviews.rating - 3) / 2 as sentiment,
        lower(reviews.review_text) as review_text

    from {{ ref('reviews') }} as reviews

    cross join as_of

    where
        reviews.customer_id is not null
        and reviews.rating is not null
        and reviews.reviewed_at < as_of.as_of_end_at
        and {{ only_changed_customers('reviews.customer_id') }}

),

named_aspects as (

    -- a review names an aspect once, whatever the number of its words
    select distinct
        reviews.customer_id,
        reviews.source,
        reviews.review_id,
        reviews.sentiment,
        aspects.aspect

    from reviews

    inner join aspects
        on instr(reviews.review_text, aspects.term) > 0

),

per_aspect as (

    select
        customer_id,
        aspect,
        avg(sentiment) as sentiment,
        count(*) as review_count

    from named_aspects

    group by customer_id, aspect

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id order by sentiment desc, review_count desc, aspect
        ) as praise_rank,
        row_number() over (partition by customer_id order by sentiment, review_count desc, aspect) as blame_rank

    from per_aspect

),

aspects_per_customer as (

    select
        customer_id,
        max(aspect) filter (where praise_rank = 1 and sentiment > 0) as most_praised_aspect,
        max(aspect) filter (where blame_rank = 1 and sentiment < 0) as most_criticised_aspect

    from ranked

    group by customer_id

),

sentiments as (

    select customer_id, avg(sentiment) as sentiment_score

    from reviews

    group by customer_id

),

opinions as (

    -- at most one row of aspects per customer
    select
        sentiments.customer_id,
        sentiments.sentiment_score,
        aspects_per_customer.most_praised_aspect,
        aspects_per_customer.most_criticised_aspect

    from sentiments

    left join aspects_per_customer
        on sentiments.customer_id = aspects_per_customer.customer_id

)

select * from opinions
