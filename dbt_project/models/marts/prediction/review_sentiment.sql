with

scores as (

    select * from {{ source('analysis', 'review_sentiment') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

joined as (

    -- many scores to one review
    select
        scores.source,
        scores.review_id,
        scores.aspect,
        reviews.customer_id,
        reviews.product_id,
        reviews.rating,
        reviews.review_date,
        cast(scores.as_of_date as date) as as_of_date,
        cast(scores.sentiment_score as double) as sentiment_score,
        scores.served_by,
        scores.model_version

    from scores

    inner join reviews
        on scores.source = reviews.source
        and scores.review_id = reviews.review_id

)

select * from joined
